// The end of a connection after its last bytes were sent: what the peer still sends is read and
// forgotten, since a socket that is closed with bytes unread sends a RST, which may overtake what
// was sent (compare HAProxy's option nolinger and nginx's lingering_close).
#pragma once

#include "proxy/loop/fd.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

// How long a peer may take to finish after we did.
constexpr Duration kLingerTime = std::chrono::seconds(2);

// True when the peer's end has come; else the poller tells of what comes.
bool discard_input(Loop& loop, const Fd& fd);

}  // namespace brownout::proxy
