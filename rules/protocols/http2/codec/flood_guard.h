// FloodGuard protects an HTTP/2 connection against floods of frames that cost the receiver more
// than the sender (RFC 9113, 10.5).
//
// libnghttp2 1.52 itself limits the answers that the peer does not read (1000 PING and SETTINGS
// acknowledgements), the entries of a SETTINGS frame and the size of one field. Debian's version
// also limits resets and CONTINUATION frames, by its own clock. The guard is stricter where a
// correct peer has no reason to send many frames, and uses the caller's time:
//
//   attack                                  limit
//   PING (CVE-2019-9512)                    kPings; a DATA frame in either direction allows another
//   SETTINGS (CVE-2019-9515)                kSettings
//   PRIORITY, PRIORITY_UPDATE               kPriorities
//     (CVE-2019-9513)
//   WINDOW_UPDATE                           kWindowUpdates; a DATA frame sent or a stream opened
//                                           allows kUpdatesOfFrame more
//   empty DATA, HEADERS and CONTINUATION    kEmpty
//     (CVE-2019-9518)
//   CONTINUATION (CVE-2024-28182 and        kMostContinuations frames and `most_block` bytes for
//     others)                               one header block
//   rapid reset (CVE-2023-44487)            kEarlyResets of streams younger than kEarly
//   streams beyond the limit                kRefused
//   malformed messages that the receiver    kStreamErrors
//     must reset (CVE-2025-8671)
//   other frames (extensions)               kOther
//
// Each limit is a burst and a rate for each second. Pure; one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/base/instant.h"
#include "rules/protocols/http2/codec/frame_scanner.h"

namespace brownout::http2 {

// A limit on the number of events: `burst` at once, and `rate` a second in the long run.
struct FloodLimit {
  std::int64_t burst = 0;
  std::int64_t rate = 0;
};

class Allowance {
 public:
  explicit Allowance(FloodLimit limit) : limit_(limit), left_(limit.burst * kUnit) {}

  // Counts an event. Returns false if it is beyond the limit.
  bool take(rules::Instant now);
  // Allows `count` more events, up to the burst.
  void give(std::int64_t count);

 private:
  static constexpr std::int64_t kUnit = 1'000'000'000;  // one event; a nanosecond adds `rate` units

  FloodLimit limit_;
  std::int64_t left_;
  rules::Instant since_{};
};

class FloodGuard {
 public:
  static constexpr FloodLimit kPings{1000, 100};
  static constexpr FloodLimit kSettings{100, 10};
  static constexpr FloodLimit kPriorities{1000, 100};
  static constexpr FloodLimit kWindowUpdates{2000, 500};
  static constexpr std::int64_t kUpdatesOfFrame = 10;
  static constexpr FloodLimit kEmpty{200, 20};
  static constexpr int kMostContinuations = 32;
  static constexpr FloodLimit kEarlyResets{1000, 200};
  static constexpr rules::Duration kEarly = std::chrono::milliseconds(10);
  static constexpr FloodLimit kRefused{1000, 100};
  static constexpr FloodLimit kStreamErrors{200, 20};
  static constexpr FloodLimit kOther{1000, 100};

  explicit FloodGuard(std::size_t most_block) : most_block_(most_block) {}

  // Each function counts an event and returns why the connection must end, or "".
  std::string_view on_frame(const FrameHead& frame, rules::Instant now);
  // A peer's RST_STREAM for a stream of this age. A stream that is not open has the age zero.
  std::string_view on_reset(rules::Duration age, rules::Instant now);
  std::string_view on_refused(rules::Instant now);
  std::string_view on_stream_error(rules::Instant now);

  void on_data_sent();
  void on_stream_opened() { window_updates_.give(kUpdatesOfFrame); }

 private:
  std::string_view on_block(const FrameHead& frame, rules::Instant now);

  std::size_t most_block_;
  std::size_t block_ = 0;  // bytes of the current header block
  int continuations_ = 0;
  Allowance pings_{kPings};
  Allowance settings_{kSettings};
  Allowance priorities_{kPriorities};
  Allowance window_updates_{kWindowUpdates};
  Allowance empty_{kEmpty};
  Allowance early_resets_{kEarlyResets};
  Allowance refused_{kRefused};
  Allowance stream_errors_{kStreamErrors};
  Allowance other_{kOther};
};

}  // namespace brownout::http2
