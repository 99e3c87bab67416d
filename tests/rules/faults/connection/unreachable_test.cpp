// Tests which SYNs and datagrams a rule answers with ICMP, and what `check` and `explain` say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/engine/syn_plan.h"
#include "rules/language/ask.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::SynSight;
using rules::Unreachable;
using testing::HasSubstr;
using testing::IsEmpty;

std::string unreachable_rule(const std::string& keys, const std::string& settings = "") {
  return "[[rule]]\n" + keys + "\nfault = { type = \"unreachable\"" + settings + " }\n";
}

rules::SynPlan answers_of(const std::string& text, SynSight packets = SynSight::kClient,
                          Duration at = {}) {
  const auto config =
      packets == SynSight::kDestination ? intercepted_config_of(text) : config_of(text);
  const auto set = rules::RuleSet::activate(config.rules, 1, Instant{});
  return plan_syns(*set, {.name = "chat", .sight = SynSight::kClient, .packets = packets},
                   Instant{at}, [](const auto&) { return std::vector<rules::Prefix>{}; });
}

TEST(Unreachable, AnswersDuringItsSchedule) {
  const auto text = unreachable_rule("start = \"10s\"\nduration = \"5s\"", ", what = \"net\"");
  EXPECT_THAT(answers_of(text).rules, IsEmpty());
  EXPECT_EQ(answers_of(text).next, Instant{10s});
  const auto now = answers_of(text, SynSight::kClient, 10s);
  ASSERT_EQ(now.rules.size(), 1U);
  EXPECT_EQ(now.rules.front().answer, Unreachable::kNet);
  EXPECT_FALSE(loses_all(now.rules)) << "a full queue would let connects hang instead";
  EXPECT_THAT(answers_of(text, SynSight::kClient, 15s).rules, IsEmpty());
}

TEST(Unreachable, NeedsNftablesAndSeesTheDestinationWhereTheySeeIt) {
  EXPECT_THAT(answers_of(unreachable_rule(""), SynSight::kNone).rules, IsEmpty());
  const auto text = unreachable_rule("match = { port = 443 }");
  const auto seen = answers_of(text, SynSight::kDestination);
  ASSERT_EQ(seen.rules.size(), 1U);
  EXPECT_EQ(seen.rules.front().clauses.front().port.front().first, 443);
}

// Connections that arrive although nftables decided are those that the draw spared.
TEST(Unreachable, RefusesAnAcceptedConnectionWithoutNftablesOnly) {
  const auto set = rules::RuleSet::activate(config_of(unreachable_rule("")).rules, 1, Instant{});
  auto flow = flow_of();
  EXPECT_EQ(plan_arrival(*set, flow).admission.verdict, rules::Admission::Verdict::kRefuse);
  flow.packet_sight = SynSight::kClient;
  EXPECT_EQ(plan_arrival(*set, flow).admission.verdict, rules::Admission::Verdict::kServe);
}

TEST(Unreachable, CheckRefusesWhatItCannotDo) {
  EXPECT_THAT(first_problem_of(unreachable_rule("match = { first = 2 }")),
              HasSubstr("cannot count connects"));
  EXPECT_THAT(first_problem_of(unreachable_rule("match = { source_port = 5000 }")),
              HasSubstr("a fault on SYN packets cannot match `source_port`"));
  EXPECT_THAT(first_problem_of(unreachable_rule("", ", what = \"hosts\"")), HasSubstr("hosts"));
  EXPECT_THAT(first_problem_of(unreachable_rule(""), "dns"), HasSubstr("does not act on listener"));
}

TEST(Unreachable, ExplainSaysHowAConnectFails) {
  const auto says = [](const rules::SynWays& ways, rules::Intercept how, const std::string& keys) {
    auto config = intercepted_config_of(unreachable_rule(keys));
    config.listeners.front().intercept = how;
    rules::Asked asked;
    asked.listener = config.listeners.front().name;
    asked.destination = "192.0.2.7:443";
    asked.syn_ways = ways;
    const auto posed = rules::pose(config, asked);
    return posed ? explain(config, (*posed)->question).front().why : posed.error().what;
  };
  const std::string by_port = "match = { port = 443 }";
  const std::string answered = "nftables answers its SYN packets with ICMP host unreachable";
  EXPECT_THAT(says({.packets = true}, rules::Intercept::kRedirect, by_port), HasSubstr(answered));
  EXPECT_THAT(says({.own_network = true, .packets = true}, rules::Intercept::kTproxy, by_port),
              HasSubstr(answered));
  EXPECT_THAT(says({.packets = true}, rules::Intercept::kTproxy, by_port),
              HasSubstr("succeeds and is then reset: nftables cannot be used here"));
  EXPECT_THAT(says({}, rules::Intercept::kRedirect, ""), HasSubstr("is then reset"));
}

}  // namespace
}  // namespace brownout::test
