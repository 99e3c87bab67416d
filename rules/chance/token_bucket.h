// TokenBucket limits a rate by rejecting requests. Pacer (pacer.h) limits a rate by delaying
// instead.
//
// TokenBucket implements the generic cell rate algorithm (ITU-T I.371) on one atomic instant. All
// threads may share a bucket.
#pragma once

#include <algorithm>
#include <atomic>

#include "rules/base/instant.h"

namespace brownout::rules {

class TokenBucket {
 public:
  // Takes a token and returns 0, or takes none and returns the time until a token is available.
  // `cost` is the time between two tokens at an even pace. `burst` is how much earlier than at an
  // even pace a token may be taken.
  Duration take(Instant now, Duration cost, Duration burst) {
    Instant before = taken_until_.load(std::memory_order_relaxed);
    while (true) {
      const Instant from = std::max(before, now);
      if (from - now > burst) return from - now - burst;
      if (taken_until_.compare_exchange_weak(before, later(from, cost), std::memory_order_relaxed))
        return Duration::zero();
    }
  }

 private:
  std::atomic<Instant> taken_until_{Instant::min()};
};

}  // namespace brownout::rules
