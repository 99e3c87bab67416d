// A token bucket that says no instead of making wait: the generic cell rate algorithm (ITU-T
// I.371), of one atomic instant (see pacer.h for the one that makes wait). Shared by threads.
#pragma once

#include <algorithm>
#include <atomic>

#include "rules/base/instant.h"

namespace brownout::rules {

class TokenBucket {
 public:
  // Takes a token that costs `cost`, where `burst` may be taken ahead of time. 0 when there was
  // one, else how long until there is, and nothing is taken.
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
