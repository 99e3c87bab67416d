#include "rules/faults/common/varied_delay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/virtual_world.h"

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;

// Median 80 ms and sigma 0.4, as in the documentation of WireMock.
const VariedDelay kWireMock{.delay = 80ms, .distribution = Distribution::kLognormal, .sigma = 0.4};

TEST(VariedDelay, QuantilesOfALognormalDelayAreThoseOfItsFormula) {
  struct Quantile {
    double share;
    double z;  // the quantile of the standard normal distribution
  };
  for (const auto& [share, z] :
       {Quantile{0.5, 0}, Quantile{0.25, -0.6744897501960817}, Quantile{0.75, 0.6744897501960817},
        Quantile{0.8413447460685429, 1}, Quantile{0.1586552539314571, -1},
        Quantile{0.99, 2.3263478740408408}, Quantile{0.999, 3.090232306167813}}) {
    const auto exact = Duration(std::llround(80e6 * std::exp(0.4 * z)));
    EXPECT_LE(std::chrono::abs(kWireMock.at(share) - exact), 1ns) << share;
  }
  EXPECT_EQ(kWireMock.at(0.5), 80ms);
}

TEST(VariedDelay, ALognormalDelayIsCutAtFourStandardDeviations) {
  EXPECT_EQ(kWireMock.at(0), 16'151'721ns);
  EXPECT_EQ(kWireMock.at(1 - 0x1p-53), 396'242'594ns);
  EXPECT_EQ(kWireMock.longest(), 396'242'594ns);
}

TEST(VariedDelay, ALognormalDelayHasTheMeanOfItsFormula) {
  double total = 0;
  constexpr int kSteps = 10'000;
  for (int i = 0; i < kSteps; ++i) {
    total += static_cast<double>(kWireMock.at((i + 0.5) / kSteps).count());
  }
  EXPECT_NEAR(total / kSteps / 1e6, 80 * std::exp(0.4 * 0.4 / 2), 0.01);
}

TEST(VariedDelay, ExtremeSettingsSaturate) {
  const VariedDelay most{.delay = 24h, .distribution = Distribution::kLognormal, .sigma = 5};
  EXPECT_EQ(most.at(1 - 0x1p-53), Duration::max());
  EXPECT_EQ((VariedDelay{.delay = 1s, .distribution = Distribution::kLognormal}.at(0.9)), 1s);
}

TEST(VariedDelay, EachFaultWithADelayTakesADistribution) {
  using test::first_problem_of;
  const auto rule = [](const std::string& type, const std::string& keys) {
    return "[[rule]]\nfault = { type = \"" + type + "\", delay = \"80ms\"" + keys + " }";
  };
  for (const auto& [type, protocol] :
       {std::pair{"latency", "tcp"}, std::pair{"latency", "udp"}, std::pair{"latency", "dns"},
        std::pair{"delay", "http"}, std::pair{"connect_delay", "tcp"}}) {
    const auto problem = [&, type = type, protocol = protocol](const std::string& keys) {
      return first_problem_of(rule(type, keys), protocol);
    };
    EXPECT_EQ(problem(", distribution = \"lognormal\", sigma = 0.4"), "") << type;
    EXPECT_EQ(problem(", distribution = \"lognormal\", sigma = 1"), "") << type;
    EXPECT_EQ(problem(", distribution = \"lognormal\""), "distribution \"lognormal\" needs sigma");
    EXPECT_EQ(problem(", distribution = \"lognormal\", jitter = \"1ms\", sigma = 1"),
              "distribution \"lognormal\" takes sigma, not jitter");
    EXPECT_EQ(problem(", sigma = 0.4"), "sigma belongs to distribution \"lognormal\"");
    EXPECT_EQ(problem(", distribution = \"lognormal\", sigma = 5.5"), "sigma: 5.5 is out of range");
    EXPECT_EQ(problem(", distribution = \"lognormal\", sigma = nan"),
              "sigma: expected a finite number");
    EXPECT_EQ(problem(", distribution = \"lognormal\", sigma = \"0.4\""),
              "sigma: expected a number, found a string");
    EXPECT_EQ(problem(", distribution = \"pareto\""), "distribution has no effect without jitter");
  }
}

TEST(VariedDelay, ALinkWithLognormalLatencyHasItsMedian) {
  test::VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "80ms", distribution = "lognormal", sigma = 0.4 })");
  constexpr int kChunks = 2001;
  for (int i = 0; i < kChunks; ++i) world.at(i * 1s).send("x");
  world.run();
  std::vector<Duration> delays;
  for (int i = 0; i < kChunks; ++i) {
    delays.push_back(world.left()[static_cast<std::size_t>(i)].at - Instant(i * 1s));
  }
  std::sort(delays.begin(), delays.end());
  EXPECT_NEAR(static_cast<double>(delays[kChunks / 2].count()) / 1e6, 80, 3);
  EXPECT_GT(delays.back(), 200ms);
  EXPECT_GT(delays.front(), 16ms);
}

}  // namespace
}  // namespace brownout::rules
