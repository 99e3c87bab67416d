// Dice is a random number generator whose results can be repeated. Each number is a hash of its
// parameters; drawing a number changes no state.
//
//   number = mix(seed, rule, flow, event)
//
// Threads, reloads and other rules do not affect the numbers, so a failed test run can be repeated
// with the same seed. `rule` and `flow` are hashes of names (see key_of). `event` counts within one
// flow (a connection or UDP session): chunks, segments, byte offsets or seconds. mix applies the
// splitmix64 finalizer once per parameter (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", OOPSLA 2014). std::*_distribution is not used, because its results differ between
// standard libraries. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/base/units.h"

namespace brownout::rules {

using Key = std::uint64_t;

// Returns the FNV-1a hash of a name, mixed once more.
Key key_of(std::string_view name);
// Returns a key that depends on both keys and their order.
Key combine(Key a, Key b);

class Dice {
 public:
  Dice() = default;
  Dice(std::uint64_t seed, Key rule, Key flow);

  // Returns 64 uniformly distributed random bits.
  std::uint64_t bits(std::uint64_t event) const;
  // Returns a number uniformly distributed in [0, 1), with 53 random bits.
  double unit(std::uint64_t event) const;
  // Returns true with this probability: never at 0%, always at 100%. Compares integers, so that the
  // result is the same on every machine.
  bool hit(std::uint64_t event, Ratio probability) const;
  // Returns an integer uniformly distributed in [low, high], both included.
  std::int64_t between(std::uint64_t event, std::int64_t low, std::int64_t high) const;

  // Returns an independent random number generator for another purpose within the same rule and
  // flow.
  Dice split(std::string_view purpose) const;

 private:
  std::uint64_t state_ = 0;
};

}  // namespace brownout::rules
