// Tests the selection of rules by host names that share an address: at first all names count, then
// only the name that the client shows.
#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using HostNames = std::vector<std::string>;

rules::FlowFacts flow_to(HostNames names) {
  auto flow = flow_of();
  flow.intercepted = true;
  flow.names = std::make_shared<const HostNames>(std::move(names));
  return flow;
}

std::string rule_names(const std::vector<rules::RuleRef>& rules) {
  std::string text;
  for (const auto& rule : rules) text += rule->name + " ";
  return text;
}

std::shared_ptr<const rules::RuleSet> host_rules() {
  const std::string latency = "fault = { type = \"latency\", delay = \"1s\" }\n";
  const std::string rules =
      "[[rule]]\nname = \"a\"\nmatch = { host = \"a.test\" }\n" + latency +
      "[[rule]]\nname = \"not-a\"\nmatch = { not = { host = \"a.test\" } }\n" + latency +
      "[[rule]]\nname = \"all\"\n" + latency +
      "[[rule]]\nname = \"b\"\nmatch = { host = \"b.test\" }\n" + latency;
  return rules::RuleSet::activate(config_of(rules, "tls").rules, 1, Instant{});
}

TEST(PlanName, KeepsTheRulesOfTheNameThatIsShown) {
  const auto set = host_rules();
  const auto shared = flow_to({"b.test", "a.test"});
  auto rules = rules::plan_arrival(*set, shared).rules;
  EXPECT_EQ(rule_names(rules), "a all b ");
  rules::plan_name(*set, shared, flow_to({"b.test"}), rules);
  EXPECT_EQ(rule_names(rules), "not-a all b ") << "in the order of the file";
  const auto& matched = set->rules()[2]->state->matched;
  EXPECT_EQ(matched.load(), 1U) << "a connection is counted once";
}

TEST(PlanName, TheSniDecidesOverTheNamesOfTheAddress) {
  const auto set = host_rules();
  auto flow = flow_to({"b.test", "a.test"});
  rules::ClientHello hello;
  hello.sni = "b.test";
  flow.hello = &hello;
  EXPECT_EQ(rule_names(rules::plan_arrival(*set, flow).rules), "not-a all b ");
}

TEST(PlanName, OnlySetsWithRulesOnHostsNeedNames) {
  EXPECT_TRUE(host_rules()->has_host_rules());
  const auto config = config_of("[[rule]]\nfault = { type = \"refuse\" }");
  EXPECT_FALSE(rules::RuleSet::activate(config.rules, 1, Instant{})->has_host_rules());
}

}  // namespace
}  // namespace brownout::test
