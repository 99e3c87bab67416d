// Lingering close: after the last bytes are sent, the peer's input is read and discarded. A close()
// with unread bytes would send a RST, which may overtake the bytes sent (compare HAProxy's option
// nolinger and nginx's lingering_close). Loop's thread only.
#pragma once

#include "proxy/loop/fd.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

// Time that the peer has to send its FIN, after this process has sent its own.
constexpr Duration kLingerTime = std::chrono::seconds(2);

// True once the peer has finished or failed; until then, call again when the socket is readable.
bool discard_input(Loop& loop, const Fd& fd);

}  // namespace brownout::proxy
