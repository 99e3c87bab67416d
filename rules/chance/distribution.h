// Distributions of random variation in delay (jitter). Names and meanings are those of tc-netem(8).
// CorrelatedDraws draws the random numbers, and deviation() maps each to a deviation.
//
// deviation() maps a random number u, uniform in [0, 1), to a deviation in units of the jitter. It
// reads the inverse distribution function from a table.
//   uniform       between -1 and +1
//   normal        standard deviation 1, cut at +-4
//   pareto        shape 3 shifted to mean 0: 4/3 (u^(-1/3) - 3/2), cut at +4 (netem/pareto.c)
//   paretonormal  1/4 normal + 3/4 pareto (netem/paretonormal.c)
//   exponential   mean 0: -1 - ln(1 - u), cut at +20
//   lognormal     as normal, but of the logarithm of the delay (varied_delay.h); no table
//   spike         +1 for a given share of the draws, else 0
//
// Tables have 4096 entries rounded to 1/8192, as netem's tables do, so that a random number gives
// the same deviation on every machine. deviation() is pure. A CorrelatedDraws belongs to one fault
// at work; one thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "rules/chance/dice.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

enum class Distribution {
  kUniform,
  kNormal,
  kPareto,
  kParetoNormal,
  kExponential,
  kLognormal,
  kSpike
};

template <>
struct EnumNames<Distribution> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Distribution>{"uniform", Distribution::kUniform},
      std::pair<std::string_view, Distribution>{"normal", Distribution::kNormal},
      std::pair<std::string_view, Distribution>{"pareto", Distribution::kPareto},
      std::pair<std::string_view, Distribution>{"paretonormal", Distribution::kParetoNormal},
      std::pair<std::string_view, Distribution>{"exponential", Distribution::kExponential},
      std::pair<std::string_view, Distribution>{"lognormal", Distribution::kLognormal},
      std::pair<std::string_view, Distribution>{"spike", Distribution::kSpike}};
};

// Returns the deviation for `u` in [0, 1). `spike` is the probability of a spike; only kSpike uses
// it.
double deviation(Distribution distribution, double u, double spike);

// CorrelatedDraws makes successive random numbers depend on each other, with netem's correlation c:
// each result is value * (1 - c) + last * c. As tc-netem(8) warns, this is not a true statistical
// correlation, and it narrows the distribution.
class CorrelatedDraws {
 public:
  CorrelatedDraws(Dice dice, Ratio correlation) : dice_(dice), correlation_(correlation.share()) {}
  double next();  // returns a number in [0, 1)
  std::uint64_t count() const { return count_; }

 private:
  Dice dice_;
  double correlation_;
  std::optional<double> last_;
  std::uint64_t count_ = 0;
};

}  // namespace brownout::rules
