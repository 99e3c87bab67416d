// How fast things may pass, as reservations: the generic cell rate algorithm (ITU-T I.371, "virtual
// scheduling"), which is a token bucket without a timer. Several flows on several threads may share
// one: its whole state is one atomic instant, and a reservation is a compare-and-swap.
#pragma once

#include <algorithm>
#include <atomic>

#include "rules/base/instant.h"

namespace brownout::rules {

class Pacer {
 public:
  // Reserves a slot that takes `cost`; returns when it ends, at most `burst` earlier than it would
  // at an even pace, and never before `now`. Slots are given out in the order of the calls.
  Instant reserve(Instant now, Duration cost, Duration burst = {}) {
    Instant before = taken_until_.load(std::memory_order_relaxed);
    Instant after;
    do {
      after = later(std::max(before, now), cost);
    } while (!taken_until_.compare_exchange_weak(before, after, std::memory_order_relaxed));
    if (after == kNever) return kNever;
    return std::max(now, after - burst);
  }

 private:
  std::atomic<Instant> taken_until_{Instant::min()};
};

}  // namespace brownout::rules
