#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(SlowAccept, TakesOneConnectionAtATime) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "slow_accept", delay = "500ms" })")
                                                .rules,
                                            1, Instant{});
  for (int i = 1; i <= 10; ++i) {
    const auto arrival = rules::plan_arrival(*set, flow_of(static_cast<std::uint64_t>(i)));
    EXPECT_EQ(arrival.admission.accept_delay, i * 500ms);
  }
  auto later = flow_of(11);
  later.opened = Instant(1min);
  EXPECT_EQ(rules::plan_arrival(*set, later).admission.accept_delay, 500ms);
}

}  // namespace
}  // namespace brownout::test
