#include "rules/faults/common/varied_delay.h"

#include <cmath>

namespace brownout::rules {

Duration VariedDelay::at(double u) const {
  const auto middle = static_cast<double>(delay.count());
  const double varied = table ? table->at(u) : deviation(distribution, u, spike.share());
  if (!table && distribution == Distribution::kLognormal)
    return rounded(middle * std::exp(sigma * varied));
  return rounded(middle + varied * static_cast<double>(jitter.count()));
}

Duration VariedDelay::longest() const {
  if (distribution == Distribution::kLognormal) return at(1);
  return sum(delay, times(jitter, 4));
}

void check_variation(const VariedDelay& varied, const Node& table, Diagnostics& problems) {
  const auto given = [&](std::string_view key) { return table.find(key) != nullptr; };
  const bool lognormal = varied.distribution == Distribution::kLognormal;
  const std::string_view shape = given("distribution") ? "distribution" : "distribution_file";
  if (given("distribution") && given("distribution_file")) {
    problems.add(position_of(table, "distribution_file"),
                 "distribution and distribution_file exclude each other", "leave one of them out");
  } else if (lognormal && given("jitter")) {
    problems.add(position_of(table, "jitter"), "distribution \"lognormal\" takes sigma, not jitter",
                 "write sigma = 0.4, for example: two thirds of the delays are then between "
                 "delay / 1.5 and delay x 1.5");
  } else if (lognormal && !given("sigma")) {
    problems.add(position_of(table, "distribution"), "distribution \"lognormal\" needs sigma",
                 "e.g. delay = \"80ms\", distribution = \"lognormal\", sigma = 0.4");
  } else if (!lognormal && given("sigma")) {
    problems.add(position_of(table, "sigma"), "sigma belongs to distribution \"lognormal\"",
                 "write distribution = \"lognormal\", or leave sigma out");
  } else if (!lognormal && varied.jitter == Duration::zero() && given(shape)) {
    problems.add(position_of(table, shape), std::string(shape) + " has no effect without jitter",
                 "add a jitter or leave " + std::string(shape) + " out");
  }
}

void check_jitter(const VariedDelay& varied, const Node& table, Diagnostics& problems) {
  if (varied.jitter <= varied.delay) return;
  problems.add(
      position_of(table, "jitter"),
      "jitter " + to_text(varied.jitter) + " is larger than delay " + to_text(varied.delay),
      "a delay cannot be negative: lower the jitter or raise the delay");
}

}  // namespace brownout::rules
