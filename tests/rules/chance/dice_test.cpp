#include "rules/chance/dice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rules/chance/distribution.h"
#include "rules/chance/loss_model.h"

namespace brownout::rules {
namespace {

TEST(Dice, DrawsDependOnlyOnTheirCoordinates) {
  const Dice a(7, key_of("rule"), 42);
  const Dice b(7, key_of("rule"), 42);
  EXPECT_EQ(a.bits(3), b.bits(3));
  EXPECT_NE(a.bits(3), a.bits(4));
  EXPECT_NE(a.bits(3), Dice(8, key_of("rule"), 42).bits(3));
  EXPECT_NE(a.bits(3), Dice(7, key_of("rule2"), 42).bits(3));
  EXPECT_NE(a.bits(3), Dice(7, key_of("rule"), 43).bits(3));
  EXPECT_NE(a.bits(3), a.split("x").bits(3));
}

// The seed of a bug report must produce the same faults in later versions.
TEST(Dice, DrawsDoNotChangeBetweenVersions) {
  EXPECT_EQ(key_of("slow phones"), 14184856527049492665ULL);
  EXPECT_EQ(Dice(20211004, key_of("slow phones"), 1).bits(0), 17292144397574765777ULL);
}

TEST(Dice, HitRateEqualsTheProbability) {
  for (const double share : {0.0, 0.001, 0.2, 0.5, 0.999, 1.0}) {
    const Dice dice(1, 2, 3);
    int hits = 0;
    constexpr int kThrows = 200'000;
    for (int i = 0; i < kThrows; ++i)
      hits += dice.hit(static_cast<std::uint64_t>(i), Ratio::of(share)) ? 1 : 0;
    const double sigma = std::sqrt(share * (1 - share) * kThrows);
    EXPECT_NEAR(hits, share * kThrows, 4 * sigma + 1e-9) << share;
  }
}

TEST(Dice, BetweenCoversItsRange) {
  const Dice dice(1, 2, 3);
  std::array<int, 5> seen{};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto value = dice.between(i, -2, 2);
    ASSERT_TRUE(value >= -2 && value <= 2);
    ++seen[static_cast<std::size_t>(value + 2)];
  }
  for (const int count : seen) EXPECT_GT(count, 120);
  EXPECT_EQ(dice.between(0, 5, 5), 5);
}

TEST(Distribution, HasTheMeanAndSpreadOfNetem) {
  struct Case {
    Distribution distribution;
    double sigma;
    double tolerance;
  };
  // As in netem, the table cuts the tail of the Pareto distribution at 4 sigma, which reduces its
  // mean and spread.
  for (const auto& tried :
       {Case{Distribution::kUniform, 1 / std::sqrt(3.0), 0.01},
        Case{Distribution::kNormal, 1, 0.01}, Case{Distribution::kPareto, 0.8, 0.1},
        Case{Distribution::kParetoNormal, 0.83, 0.1}, Case{Distribution::kExponential, 1, 0.02}}) {
    double sum = 0;
    double squares = 0;
    constexpr int kSteps = 100'000;
    for (int i = 0; i < kSteps; ++i) {
      const double x = deviation(tried.distribution, (i + 0.5) / kSteps, 0);
      sum += x;
      squares += x * x;
    }
    EXPECT_NEAR(sum / kSteps, 0, 0.05) << name_of(tried.distribution);
    EXPECT_NEAR(std::sqrt(squares / kSteps), tried.sigma, tried.tolerance)
        << name_of(tried.distribution);
  }
  EXPECT_EQ(deviation(Distribution::kSpike, 0.005, 0.01), 1);
  EXPECT_EQ(deviation(Distribution::kSpike, 0.5, 0.01), 0);
}

TEST(LossModel, GilbertElliottHasMeanLossAndBurstLengthOfItsFormulas) {
  const GilbertElliott model{.p = Ratio::of(0.02),
                             .r = Ratio::of(0.25),
                             .loss_in_bad = Ratio::of(0.8),
                             .loss_in_good = Ratio::of(0.01)};
  LossModel loss(Dice(1, 2, 3), model);
  int lost = 0;
  constexpr int kPackets = 500'000;
  for (int i = 0; i < kPackets; ++i) lost += loss.next(1) ? 1 : 0;
  const double bad = 0.02 / 0.27;
  const double mean = bad * 0.8 + (1 - bad) * 0.01;
  EXPECT_NEAR(model.mean_loss(), mean, 1e-9);
  EXPECT_NEAR(static_cast<double>(lost) / kPackets, mean, 0.05 * mean);

  // The Gilbert-Elliott model with 1-h = 100% and 1-k = 0: each burst of losses is one bad period,
  // with a mean length of 1/r packets.
  LossModel bursts(Dice(4, 5, 6), GilbertElliott{.p = Ratio::of(0.02), .r = Ratio::of(0.25)});
  int runs = 0;
  int total = 0;
  bool before = false;
  for (int i = 0; i < kPackets; ++i) {
    const bool now = bursts.next(1);
    total += now ? 1 : 0;
    runs += now && !before ? 1 : 0;
    before = now;
  }
  EXPECT_NEAR(static_cast<double>(total) / runs, 4, 0.1);
}

TEST(LossModel, CorrelationClustersLosses) {
  const auto neighbours = [](double correlation) {
    LossModel loss(Dice(1, 2, 3), Ratio::of(0.3), Ratio::of(correlation));
    int pairs = 0;
    int lost = 0;
    bool before = false;
    constexpr int kPackets = 100'000;
    for (int i = 0; i < kPackets; ++i) {
      const bool now = loss.next(1);
      lost += now ? 1 : 0;
      pairs += now && before ? 1 : 0;
      before = now;
    }
    // The probability of a loss directly after another loss, divided by the mean loss.
    return static_cast<double>(pairs) / lost * kPackets / lost;
  };
  EXPECT_NEAR(neighbours(0), 1, 0.05);
  EXPECT_GT(neighbours(0.5), 2);
}

}  // namespace
}  // namespace brownout::rules
