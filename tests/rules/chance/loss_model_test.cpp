#include "rules/chance/loss_model.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace brownout::rules {
namespace {

FourState states(double p13, double p31, double p32 = 0, double p23 = 1, double p14 = 0) {
  return {.p13 = Ratio::of(p13),
          .p31 = Ratio::of(p31),
          .p32 = Ratio::of(p32),
          .p23 = Ratio::of(p23),
          .p14 = Ratio::of(p14)};
}

using Row = std::array<double, 4>;

std::array<Row, 4> transitions(const FourState& model) {
  const double p13 = model.p13.share();
  const double p31 = model.p31.share();
  const double p32 = model.p32.share();
  const double p23 = model.p23.share();
  const double p14 = model.p14.share();
  return {Row{1 - p13 - p14, 0, p13, p14}, Row{0, 1 - p23, p23, 0}, Row{p31, p32, 1 - p31 - p32, 0},
          Row{1, 0, 0, 0}};
}

// The distribution after 2^30 packets: the matrix is squared again and again. Rounding errors would
// grow as fast, so each row is made to add up to 1.
Row stationary(const FourState& model) {
  auto matrix = transitions(model);
  for (int i = 0; i < 30; ++i) {
    std::array<Row, 4> square{};
    for (std::size_t row = 0; row < 4; ++row)
      for (std::size_t column = 0; column < 4; ++column)
        for (std::size_t k = 0; k < 4; ++k)
          square[row][column] += matrix[row][k] * matrix[k][column];
    for (auto& row : square) {
      const double sum = row[0] + row[1] + row[2] + row[3];
      for (auto& share : row) share /= sum;
    }
    matrix = square;
  }
  return matrix[0];
}

// Mean run of lost packets: the share of lost packets over the share of packets that begin a run.
double run_length(const FourState& model) {
  const auto share = stationary(model);
  const auto moves = transitions(model);
  double begins = 0;
  for (const std::size_t from : {0U, 1U})
    for (const std::size_t to : {2U, 3U}) begins += share[from] * moves[from][to];
  return (share[2] + share[3]) / begins;
}

const std::vector<FourState> kModels{
    states(0.01, 0.99),                   // independent losses
    states(0.01, 0.25),                   // bursts without a gap
    states(0.02, 0.1, 0.3, 0.6),          // bursts with gaps
    states(0.02, 0.1, 0.3, 0.6, 0.01),    // and losses alone
    states(0.3, 0.2, 0.7, 0.2, 0.4),      // mostly lost
    states(0, 0.5, 0.1, 0.5, 0.05),       // losses alone only
    states(0.001, 0.05, 0.9, 0.5, 0.02),  // rare and long
};

TEST(LossModel, FourStatesHaveTheMeanOfTheirStationaryDistribution) {
  for (const auto& model : kModels) {
    const auto share = stationary(model);
    EXPECT_NEAR(model.mean_loss(), share[2] + share[3], 1e-9);
    EXPECT_NEAR(model.mean_burst(), run_length(model), 1e-9);
  }
}

TEST(LossModel, FourStatesWithP13AloneAreIndependentLosses) {
  const auto model = states(0.03, 0.97);
  EXPECT_NEAR(model.mean_loss(), 0.03, 1e-12);
  EXPECT_NEAR(model.mean_burst(), 1 / 0.97, 1e-12);
}

TEST(LossModel, FourStatesThatAreNeverLeft) {
  EXPECT_EQ(states(0.1, 0).mean_loss(), 1);
  EXPECT_TRUE(std::isinf(states(0.1, 0).mean_burst()));
  EXPECT_EQ(states(0.1, 0.1, 0.1, 0).mean_loss(), 0);
  EXPECT_EQ(states(0, 0).mean_loss(), 0);
  EXPECT_EQ(states(0, 0).mean_burst(), 0);
}

TEST(LossModel, FourStatesLosePacketsAsTheirStationaryDistributionSays) {
  constexpr int kPackets = 2'000'000;
  for (const auto& model : kModels) {
    LossModel losses(Dice(1, 2, 3), model);
    int lost = 0;
    int runs = 0;
    bool before = false;
    for (int i = 0; i < kPackets; ++i) {
      const bool now = losses.next(1);
      lost += now ? 1 : 0;
      runs += now && !before ? 1 : 0;
      before = now;
    }
    const double mean = model.mean_loss();
    const double burst = model.mean_burst();
    EXPECT_NEAR(lost / double{kPackets}, mean, 0.05 * mean) << mean;
    EXPECT_NEAR(static_cast<double>(lost) / runs, burst, 0.03 * burst) << burst;
  }
}

TEST(LossModel, IntensityScalesTheLossOfFourStates) {
  LossModel losses(Dice(1, 2, 3), states(0.1, 0.4));
  int lost = 0;
  for (int i = 0; i < 100'000; ++i) lost += losses.next(0.25) ? 1 : 0;
  EXPECT_NEAR(lost, 5000, 300);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(losses.next(0));
}

}  // namespace
}  // namespace brownout::rules
