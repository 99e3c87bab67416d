// Repeatable randomness: a draw is a pure function of its coordinates, never of hidden state.
//
//   draw = mix(seed, rule, flow, event)
//
// Threads, reloads, and rules added before or behind do not disturb a draw, so a failed game day
// can be run again. `rule` and `flow` are hashes of names (see key_of), `event` counts within the
// flow: a chunk, a segment, a byte offset, a second. mix is the splitmix64 finaliser (Steele, Lea,
// Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014), applied once a coordinate.
// No std::*_distribution, since they differ between standard libraries.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/base/units.h"

namespace brownout::rules {

using Key = std::uint64_t;

// FNV-1a of a name, finished by the mixer.
Key key_of(std::string_view name);
Key combine(Key a, Key b);

class Dice {
 public:
  Dice() = default;
  Dice(std::uint64_t seed, Key rule, Key flow);

  // 64 uniform bits for an event.
  std::uint64_t bits(std::uint64_t event) const;
  // Uniform in [0, 1), with 53 bits.
  double unit(std::uint64_t event) const;
  // Compares integers, so that it falls alike on every machine. 0% is never, 100% is always.
  bool hit(std::uint64_t event, Ratio probability) const;
  // Uniform in [low, high], both included.
  std::int64_t between(std::uint64_t event, std::int64_t low, std::int64_t high) const;

  // An independent set of dice for another purpose of the same rule and flow.
  Dice split(std::string_view purpose) const;

 private:
  std::uint64_t state_ = 0;
};

}  // namespace brownout::rules
