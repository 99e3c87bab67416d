// Tests the key `node`, which selects the connections to one broker of a cluster.
#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

constexpr const char* kFollow = "brokers = \"follow\"\nbroker_ports = \"19100-19103\"";

bool selects(const std::string& match, std::optional<std::int64_t> node) {
  const auto config = config_of(
      "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"latency\", delay = \"1s\" }",
      "kafka", kFollow);
  auto flow = flow_of();
  flow.node = node;
  const auto& keys = config.rules.front().match;
  EXPECT_EQ(keys.matches(flow), keys.matches_connection(flow)) << match;
  return keys.matches(flow);
}

TEST(MatchNode, SelectsTheConnectionsToABroker) {
  EXPECT_TRUE(selects("node = 2", 2));
  EXPECT_TRUE(selects("node = [0, 2]", 0));
  EXPECT_FALSE(selects("node = [0, 2]", 1));
}

TEST(MatchNode, SelectsNoConnectionWithoutAnId) { EXPECT_FALSE(selects("node = 0", std::nullopt)); }

TEST(MatchNode, ExcludesABroker) {
  EXPECT_TRUE(selects("not = { node = 2 }", 1));
  EXPECT_FALSE(selects("not = { node = 2 }", 2));
}

TEST(MatchNode, NeedsAListenerThatFollowsBrokers) {
  EXPECT_EQ(
      first_problem_of("[[rule]]\nmatch = { node = 1 }\nfault = { type = \"refuse\" }", "kafka"),
      "no listener that the rule matches knows the ids of its servers");
}

TEST(MatchNode, IsUnknownBeforeAConnectionIsThere) {
  for (const auto* fault : {"down", "syn_loss"}) {
    EXPECT_NE(first_problem_of(std::string(kFollow) +
                                   "\n[[rule]]\nmatch = { node = 1 }\nfault = { type = \"" + fault +
                                   "\" }",
                               "kafka"),
              "")
        << fault;
  }
}

}  // namespace
}  // namespace brownout::test
