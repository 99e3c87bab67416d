// Closes a connection without losing the last bytes sent (lingering close). After the last bytes,
// the peer's input is read and discarded. A close() with unread bytes would send a RST, which may
// overtake the bytes sent (compare HAProxy's option nolinger and nginx's lingering_close). Use only
// on the event loop's thread.
#pragma once

#include <algorithm>
#include <chrono>

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

// When to ask all_acknowledged() again, before a RST that must not overtake data: the kernel does
// not report acknowledgements. The pauses grow, and the wait ends after kLingerTime.
class AcknowledgementWait {
 public:
  explicit AcknowledgementWait(Instant begin) : until_(rules::later(begin, kLingerTime)) {}

  bool over(Instant now) const { return now >= until_; }
  Instant next(Instant now) {
    const auto at = std::min(until_, rules::later(now, pause_));
    pause_ = std::min(2 * pause_, kLongestPause);
    return at;
  }

 private:
  static constexpr Duration kLongestPause = std::chrono::milliseconds(20);

  Instant until_;
  Duration pause_ = std::chrono::microseconds(100);
};

}  // namespace brownout::proxy
