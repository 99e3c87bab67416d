// Pacer limits a rate by delaying: each caller reserves a period of the link's time, and gets the
// time at which its period ends. TokenBucket (token_bucket.h) limits a rate by rejecting instead.
//
// Pacer implements the generic cell rate algorithm (ITU-T I.371, "virtual scheduling"), a token
// bucket without a timer. Connections on several threads may share a pacer: its state is one atomic
// instant, and a reservation is a compare-and-swap.
#pragma once

#include <algorithm>
#include <atomic>

#include "rules/base/instant.h"

namespace brownout::rules {

class Pacer {
 public:
  // Reserves a period of length `cost` and returns its end. The end may be up to `burst` earlier
  // than at an even pace, but never before `now`. Periods are assigned in the order of calls.
  Instant reserve(Instant now, Duration cost, Duration burst = {}) {
    return reserve_from(now, burst, [cost](Instant from) { return later(from, cost); });
  }

  // Like reserve(), for a period whose length depends on its beginning: end_of(beginning) returns
  // its end, and may be called several times.
  template <class EndOf>
  Instant reserve_from(Instant now, Duration burst, const EndOf& end_of) {
    Instant before = taken_until_.load(std::memory_order_relaxed);
    Instant after;
    do {
      after = end_of(std::max(before, now));
    } while (!taken_until_.compare_exchange_weak(before, after, std::memory_order_relaxed));
    if (after == kNever) return kNever;
    return std::max(now, after - burst);
  }

  // Returns the end of the last period that was reserved.
  Instant taken_until() const { return taken_until_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Instant> taken_until_{Instant::min()};
};

}  // namespace brownout::rules
