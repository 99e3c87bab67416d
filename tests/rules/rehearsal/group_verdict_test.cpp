// Tests the metrics of consumer groups: lag, and the times of rebalances.
#include <gtest/gtest.h>

#include "tests/support/rehearsal_lab.h"

namespace brownout::test {
namespace {

rules::Config group_config(const std::string& expectations) {
  return outage_config(
      "[[phase]]\nname = \"calm\"\nfor = \"10s\"\n"
      "[[phase]]\nname = \"out\"\nfor = \"10s\"\nrecovery = true\n"
      "[[probe]]\nname = \"orders\"\nusers = 2\nendpoints = [\"chat\"]\n" +
      expectations);
}

struct GroupUser {
  std::uint32_t user = 0;
  Duration ended{};
  std::optional<std::int64_t> lag;
  std::vector<rules::Rebalance> rebalances;
};

// Returns the verdict of the only expectation as text.
std::string judged(const std::string& expectation, const std::vector<GroupUser>& seen_users) {
  const auto config = group_config("[[expect]]\n" + expectation + "\n");
  rules::Measurements seen;
  seen.phases = {{0, 0s, 10s}, {1, 10s, 20s}};
  for (const auto& of_user : seen_users) {
    rules::Operation operation;
    operation.user = of_user.user;
    operation.began = of_user.ended - 100ms;
    operation.ended = of_user.ended;
    operation.ok = true;
    operation.lag = of_user.lag;
    operation.rebalances = of_user.rebalances;
    seen.tally.add(*config.scenario, seen.phases, operation);
  }
  const auto verdict = rules::judge(*config.scenario, seen).front();
  const std::string result = !verdict.measured ? "not measured" : verdict.met ? "met" : "not met";
  return result + ": " + verdict.evidence;
}

TEST(GroupVerdict, ALagIsTheHighestOfAnyUser) {
  const std::vector<GroupUser> seen{
      {0, 1s, 3, {}}, {1, 2s, 9, {}}, {1, 3s, 0, {}}, {0, 12s, 4, {}}};
  EXPECT_EQ(judged("metric = \"lag\"\nat_most = 8", seen),
            "not met: 9 messages of orders 2 not read (of 2 users)");
  EXPECT_EQ(judged("metric = \"lag\"\nat_most = 9", seen),
            "met: 9 messages of orders 2 not read (of 2 users)");
  EXPECT_EQ(judged("metric = \"lag\"\nphase = \"out\"\nat_most = 9", seen),
            "met: 4 messages of orders 1 not read (of 1 user)");
  EXPECT_EQ(judged("metric = \"lag\"\nat_most = 0", {{0, 1s, 0, {}}}),
            "met: each operation ended with all messages read");
}

TEST(GroupVerdict, ARebalanceThatGoesOnCountsOnceAndToItsEnd) {
  const std::vector<GroupUser> seen{{0, 2s, 0, {{1s, 2s}}},
                                    {0, 4s, 0, {{1s, 4s}}},
                                    {0, 6s, 0, {{1s, 5s}, {5500ms, 6s}}},
                                    {1, 7s, 0, {{3s, 6s}}}};
  EXPECT_EQ(judged("metric = \"rebalance_time\"\nat_most = \"3s\"", seen),
            "not met: 2 rebalances of orders 1, the longest 4s, in all 4.5s (of 2 users)");
  EXPECT_EQ(judged("metric = \"rebalance_time\"\nat_most = \"4s\"", seen),
            "met: 2 rebalances of orders 1, the longest 4s, in all 4.5s (of 2 users)");
  EXPECT_EQ(judged("metric = \"rebalance_total\"\nat_most = \"4s\"", seen),
            "not met: 2 rebalances of orders 1, the longest 4s, in all 4.5s (of 2 users)");
}

TEST(GroupVerdict, ARebalanceCountsInThePhaseInWhichItBegan) {
  const std::vector<GroupUser> seen{
      {0, 5s, 0, {}}, {0, 11s, 0, {{8s, 11s}}}, {0, 16s, 0, {{8s, 15s}}}};
  EXPECT_EQ(judged("metric = \"rebalance_time\"\nphase = \"calm\"\nat_most = \"6s\"", seen),
            "not met: 1 rebalance of orders 1, the longest 7s, in all 7s (of 1 user)");
  EXPECT_EQ(judged("metric = \"rebalance_time\"\nphase = \"out\"\nat_most = \"0s\"", seen),
            "met: no group lost partitions");
}

TEST(GroupVerdict, WithoutAConsumerNothingIsMeasured) {
  const std::vector<GroupUser> seen{{0, 1s, std::nullopt, {}}};
  EXPECT_EQ(judged("metric = \"lag\"\nat_most = 0", seen),
            "not measured: no user has a consumer in a group");
  EXPECT_EQ(judged("metric = \"rebalance_time\"\nat_most = \"1s\"", seen),
            "not measured: no user has a consumer in a group");
}

}  // namespace
}  // namespace brownout::test
