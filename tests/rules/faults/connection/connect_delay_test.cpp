#include <gtest/gtest.h>

#include <set>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(ConnectDelay, ConnectionsWaitIndependentlyAndRulesAddUp) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "connect_delay", delay = "2s" }
[[rule]]
fault = { type = "connect_delay", delay = "1s", jitter = "500ms" })")
                                                .rules,
                                            1, Instant{});
  std::set<Duration> seen;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const auto delay = rules::plan_arrival(*set, flow_of(i)).admission.connect_delay;
    EXPECT_GE(delay, 2500ms);
    EXPECT_LE(delay, 3500ms);
    seen.insert(delay);
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST(ConnectDelay, PerClientSelectsAStableCohortThatOnlyGrows) {
  const auto hit = [](const std::string& probability) {
    const auto set = rules::RuleSet::activate(
        config_of("[[rule]]\nname = \"slow\"\nprobability = \"" + probability +
                  "\"\nper = \"client\"\nfault = { type = \"connect_delay\", delay = \"1s\" }")
            .rules,
        1, Instant{});
    std::set<int> clients;
    for (int i = 0; i < 250; ++i) {
      const auto flow = flow_of(static_cast<std::uint64_t>(i) + 1, "10.0.0." + std::to_string(i));
      if (rules::plan_arrival(*set, flow).admission.connect_delay > 0s) clients.insert(i);
    }
    return clients;
  };
  const auto few = hit("5%");
  const auto many = hit("20%");
  EXPECT_NEAR(static_cast<double>(few.size()), 12, 11);
  EXPECT_NEAR(static_cast<double>(many.size()), 50, 25);
  EXPECT_TRUE(std::includes(many.begin(), many.end(), few.begin(), few.end()));
}

}  // namespace
}  // namespace brownout::test
