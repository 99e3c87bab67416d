// Closes a connection without losing the last bytes sent (lingering close). After the last bytes,
// the peer's input is read and discarded. A close() with unread bytes would send a RST, which may
// overtake the bytes sent (compare HAProxy's option nolinger and nginx's lingering_close). Use only
// on the event loop's thread.
#pragma once

#include "proxy/loop/fd.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

// Time that the peer has to send its FIN, after this process has sent a FIN.
constexpr Duration kLingerTime = std::chrono::seconds(2);

// Reads and discards what the peer sends. Returns true once the peer has sent its FIN or the
// connection has failed. Until then, call again when the socket is readable.
bool discard_input(Loop& loop, const Fd& fd);

// Whether the peer has acknowledged all bytes that were written to this TCP socket (tcp(7),
// SIOCOUTQ), or the connection has failed.
bool all_acknowledged(const Fd& fd);

}  // namespace brownout::proxy
