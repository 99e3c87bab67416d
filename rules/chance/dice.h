// Dice draws repeatable random numbers: a draw depends only on its coordinates, not on state.
//
//   draw = mix(seed, rule, flow, event)
//
// Threads, reloads and other rules do not change a draw, so a failed game day can be repeated with
// the same seed. `rule` and `flow` are hashes of names (see key_of). `event` counts within the
// flow: chunks, segments, byte offsets or seconds. mix applies the splitmix64 finalizer once per
// coordinate (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
// std::*_distribution is not used, because its results differ between standard libraries.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/base/units.h"

namespace brownout::rules {

using Key = std::uint64_t;

// FNV-1a hash of a name, then mixed.
Key key_of(std::string_view name);
Key combine(Key a, Key b);

class Dice {
 public:
  Dice() = default;
  Dice(std::uint64_t seed, Key rule, Key flow);

  // 64 uniformly distributed bits.
  std::uint64_t bits(std::uint64_t event) const;
  // Uniform in [0, 1), with 53 random bits.
  double unit(std::uint64_t event) const;
  // True with this probability: never at 0%, always at 100%. Compares integers, so that the result
  // is the same on every machine.
  bool hit(std::uint64_t event, Ratio probability) const;
  // Uniform in [low, high], both included.
  std::int64_t between(std::uint64_t event, std::int64_t low, std::int64_t high) const;

  // Independent dice for another purpose of the same rule and flow.
  Dice split(std::string_view purpose) const;

 private:
  std::uint64_t state_ = 0;
};

}  // namespace brownout::rules
