#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Down, FollowsItsSchedule) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
match = { listener = "chat" }
start = "10s"
duration = "1m"
fault = { type = "down" })")
                                                .rules,
                                            1, Instant{});
  EXPECT_FALSE(set->down("chat", Instant(9s)));
  EXPECT_TRUE(set->down("chat", Instant(10s)));
  EXPECT_TRUE(set->down("chat", Instant(69s)));
  EXPECT_FALSE(set->down("chat", Instant(70s)));
  EXPECT_FALSE(set->down("other", Instant(20s)));
  EXPECT_EQ(set->next_down_change("chat", Instant(0s)), Instant(10s));
  EXPECT_EQ(set->next_down_change("chat", Instant(10s)), Instant(70s));
  EXPECT_EQ(set->next_down_change("chat", Instant(70s)), rules::kNever);
  EXPECT_TRUE(set->down_cuts_live("chat", Instant(20s)));
}

TEST(Down, MayKeepLiveConnections) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "down", live = "keep" })")
                                                .rules,
                                            1, Instant{});
  EXPECT_TRUE(set->down("chat", Instant{}));
  EXPECT_FALSE(set->down_cuts_live("chat", Instant{}));
}

}  // namespace
}  // namespace brownout::test
