#include "rules/chance/distribution.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace brownout::rules {
namespace {

constexpr std::size_t kEntries = 4096;
// A table stores deviations as integers: a deviation of 1 is stored as 8192, as NETEM_DIST_SCALE in
// iproute2 does.
constexpr double kScale = 8192;
// Share of a normal distribution below -4.
constexpr double kLeastQuantile = 3.167124183311996e-05;
using Table = std::array<std::int32_t, kEntries>;

// Inverts the normal distribution function by Newton's method. Started at 0, the method converges
// for every quantile from kLeastQuantile to 1 - kLeastQuantile, in a dozen steps.
double normal_quantile(double p) {
  double x = 0;
  for (int i = 0; i < 60; ++i) {
    const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - p;
    const double slope = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
    const double step = std::clamp(error / slope, -0.5, 0.5);
    x -= step;
    if (std::abs(step) < 1e-14) break;
  }
  return x;
}

double pareto_quantile(double p) { return (std::pow(1 - p, -1.0 / 3) - 1.5) * 4 / 3; }

template <class Quantile>
Table make_table(double least, double most, Quantile quantile) {
  Table table{};
  for (std::size_t i = 0; i < kEntries; ++i) {
    const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(kEntries);
    table[i] =
        static_cast<std::int32_t>(std::lround(std::clamp(quantile(p), least, most) * kScale));
  }
  return table;
}

double look_up(const Table& table, double u) {
  const auto index = std::min(static_cast<std::size_t>(u * kEntries), kEntries - 1);
  return table[index] / kScale;
}

}  // namespace

double deviation(Distribution distribution, double u, double spike) {
  static const Table normal = make_table(-4, 4, normal_quantile);
  static const Table pareto = make_table(-4, 4, pareto_quantile);
  static const Table paretonormal = make_table(-4, 4, [](double p) {
    return 0.25 * std::clamp(normal_quantile(p), -4.0, 4.0) +
           0.75 * std::clamp(pareto_quantile(p), -4.0, 4.0);
  });
  static const Table exponential = make_table(-1, 20, [](double p) { return -1 - std::log1p(-p); });
  switch (distribution) {
    case Distribution::kUniform:
      return 2 * u - 1;
    case Distribution::kNormal:
      return look_up(normal, u);
    case Distribution::kPareto:
      return look_up(pareto, u);
    case Distribution::kParetoNormal:
      return look_up(paretonormal, u);
    case Distribution::kExponential:
      return look_up(exponential, u);
    case Distribution::kLognormal:
      return normal_quantile(std::clamp(u, kLeastQuantile, 1 - kLeastQuantile));
    case Distribution::kSpike:
      return u < spike ? 1 : 0;
  }
  return 0;
}

double CorrelatedDraws::next() {
  const double fresh = dice_.unit(count_++);
  last_ = last_ ? fresh * (1 - correlation_) + *last_ * correlation_ : fresh;
  return *last_;
}

}  // namespace brownout::rules
