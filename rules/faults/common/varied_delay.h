// VariedDelay is a random delay: a base delay with a random variation (jitter) of a given
// distribution (distribution.h, deviation_table.h). The functions below declare the rule-file keys
// of the variation, for all faults with a random delay.
//
//   most distributions   delay + jitter * deviation; a delay below zero counts as zero
//   lognormal            delay * e^(sigma * z), where z is normal with mean 0 and standard
//                        deviation 1, cut at +-4: `delay` is the median, and the mean is
//                        delay * e^(sigma^2 / 2)
//
// Plain values; any thread.
#pragma once

#include "rules/chance/deviation_table.h"
#include "rules/chance/distribution.h"
#include "rules/engine/fault.h"

namespace brownout::rules {

struct VariedDelay {
  Duration delay{};
  Duration jitter{};
  Distribution distribution = Distribution::kUniform;
  std::optional<DeviationTable> table =
      {};                         // a distribution from a file, in place of `distribution`
  double sigma = 0;               // for kLognormal
  Ratio spike = Ratio::of(0.01);  // for kSpike: share of the delays that are delay + jitter

  // Returns the delay for a random number u, uniform in [0, 1).
  Duration at(double u) const;
  // Returns a delay that is rarely exceeded, or never.
  Duration longest() const;
};

// Reports keys that contradict each other or have no effect.
void check_variation(const VariedDelay& varied, const Node& table, Diagnostics& problems);
// Reports a jitter that is larger than the delay.
void check_jitter(const VariedDelay& varied, const Node& table, Diagnostics& problems);

template <class S>
Field<S> distribution_field(VariedDelay S::*member, std::string_view more = {}) {
  const auto meaning = "how delays are distributed around `delay`" + std::string(more);
  return field_of(member, field("distribution", &VariedDelay::distribution, meaning));
}
template <class S>
Field<S> distribution_file_field(VariedDelay S::*member) {
  return field_of(
      member, field("distribution_file", &VariedDelay::table,
                    "a file that replaces `distribution`: a table of deviations in the format of "
                    "netem (tc-netem(8)), with at most 16384 whole numbers, where 8192 stands for "
                    "one `jitter`; a relative path begins in the folder of the rule file"));
}
template <class S>
Field<S> sigma_field(VariedDelay S::*member) {
  return field_of(member,
                  field("sigma", &VariedDelay::sigma,
                        "for distribution \"lognormal\", instead of `jitter`: standard deviation "
                        "of the natural logarithm of the delay; `delay` is then the median",
                        {.least = 0.0, .most = 5.0, .absent = "none"}));
}

}  // namespace brownout::rules
