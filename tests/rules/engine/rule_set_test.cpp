// Tests whole rule sets: matching, random draws, schedules, and the state that a reload keeps.
#include "rules/engine/rule_set.h"

#include <gtest/gtest.h>

#include "rules/engine/rule_history.h"
#include "rules/language/explain.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;
using rules::RuleSet;

// Delays of any length are valid, and their sums do not overflow.
TEST(RuleSet, HugeDelaysDoNotOverflow) {
  const std::string longest = "2555000h";
  for (const auto& keys :
       {"type = \"latency\", delay = \"24h\", jitter = \"" + longest + "\"",
        "type = \"latency\", delay = \"1ms\", jitter = \"" + longest +
            "\", distribution = \"pareto\"",
        "type = \"overload\", unit = \"message\", capacity = \"1/h\", patience = \"" + longest +
            "\", load = \"3x\", retries = 3"}) {
    const auto rule = "[[rule]]\nfault = { " + keys + " }\n";
    VirtualWorld world(rule + rule);
    world.at(1s).send("a").at(2s).reload("").run();
    EXPECT_EQ(world.bytes(), "a") << keys;
    EXPECT_GT(world.chain().deadline(), Instant(10h)) << keys;
  }
}

std::vector<std::string> names(const std::vector<rules::RuleRef>& rules) {
  std::vector<std::string> list;
  for (const auto& rule : rules) list.push_back(rule->name);
  return list;
}

const std::string kThree = R"([[rule]]
name = "a"
match = { client = "10.1.0.0/16" }
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "b"
match = { listener = "chat" }
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "c"
match = { client = ["192.168.0.0/16", "10.1.2.0/24"], listener = ["chat"] }
fault = { type = "latency", delay = "1ms" })";

TEST(RuleSet, IndexFindsRulesInFileOrder) {
  const auto set = RuleSet::activate(config_of(kThree).rules, 1, Instant{});
  EXPECT_EQ(names(rules::plan_arrival(*set, flow_of(1, "10.1.2.3")).rules),
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(names(rules::plan_arrival(*set, flow_of(2, "10.1.9.9")).rules),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names(rules::plan_arrival(*set, flow_of(3, "8.8.8.8")).rules),
            (std::vector<std::string>{"b"}));
  auto other = flow_of(4, "10.1.2.3");
  other.listener = "other";
  EXPECT_EQ(names(rules::plan_arrival(*set, other).rules), (std::vector<std::string>{"a"}));
}

TEST(RuleSet, VisitsARuleOnceThatNamesAListenerTwice) {
  const auto set =
      RuleSet::activate(config_of("[[rule]]\nname = \"a\"\nmatch = { listener = [\"chat\", "
                                  "\"chat\"] }\nfault = { type = \"latency\", delay = \"1ms\" }")
                            .rules,
                        1, Instant{});
  EXPECT_EQ(names(rules::plan_arrival(*set, flow_of(1, "10.1.2.3")).rules),
            (std::vector<std::string>{"a"}));
}

TEST(RuleSet, KnowsWhetherARuleMayActOnADial) {
  const auto may = [](const std::string& rule) {
    return RuleSet::activate(config_of("[[rule]]\n" + rule).rules, 1, Instant{})
        ->may_act_on_dial("chat");
  };
  EXPECT_FALSE(may("fault = { type = \"latency\", delay = \"1ms\" }"));
  EXPECT_FALSE(may("fault = { type = \"refuse\" }"));  // when the client arrives
  EXPECT_TRUE(may("match = { destination = \"10.0.0.0/8\" }\nfault = { type = \"refuse\" }"));
  EXPECT_FALSE(
      may("match = { listener = \"other\", destination = \"10.0.0.0/8\" }\nfault = { "
          "type = \"refuse\" }\n[[listener]]\nname = \"other\"\nlisten = \"127.0.0.1:0\"\n"
          "upstream = \"127.0.0.1:1\"\n"));
}

TEST(RuleSet, ObserversStayWhenOtherListenersAreReplaced) {
  auto config = config_of(
      "[[rule]]\nfault = { type = \"hold_until\", passes = { packet = "
      "\"pingreq\" }, most = \"20s\" }",
      "mqtt");
  const auto set = RuleSet::activate(config.rules, 1, Instant{});
  const auto watchers = [](const RuleSet& rules) {
    int count = 0;
    auto flow = flow_of(1, "10.1.2.3", rules::Carrier::kMessage);
    rules.for_each_observer(flow, [&](const auto&) { ++count; });
    return count;
  };
  EXPECT_EQ(watchers(*set), 1);
  EXPECT_EQ(watchers(*RuleSet::with_replaced(*set, {"other"}, {}, Instant(1s))), 1);
}

TEST(RuleSet, DestinationRulesApplyOnceTheServerIsKnown) {
  const auto set = RuleSet::activate(config_of(R"([[rule]]
name = "near"
match = { destination = "127.0.0.0/8" }
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "all"
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "far"
match = { destination = "10.0.0.0/8" }
fault = { type = "latency", delay = "1ms" })")
                                         .rules,
                                     1, Instant{});
  auto flow = flow_of();
  flow.destination.reset();
  auto rules = rules::plan_arrival(*set, flow).rules;
  EXPECT_EQ(names(rules), (std::vector<std::string>{"all"}));
  flow.destination = rules::IpAddress::parse("127.0.0.1");
  rules::plan_server(*set, flow, rules);
  EXPECT_EQ(names(rules), (std::vector<std::string>{"near", "all"}));
  EXPECT_EQ(set->rules()[1]->state->matched.load(), 1U);
}

TEST(RuleSet, RuleWithProbabilityZeroHasNoEffect) {
  VirtualWorld world(R"([[rule]]
probability = 0
fault = { type = "reset" })");
  world.at(1s).send("x").run();
  EXPECT_EQ(world.log(), "1s x\n");
  EXPECT_TRUE(world.chain().empty());
  EXPECT_EQ(world.state().sampled.load(), 0U);
  EXPECT_EQ(world.state().injected.load(), 0U);
}

TEST(RuleSet, AddingARuleDoesNotChangeDrawsOfOthers) {
  const std::string flaky =
      "[[rule]]\nname = \"flaky\"\nprobability = \"30%\"\nfault = { type = \"reset\" }\n";
  const std::string before =
      "[[rule]]\nname = \"new\"\nfault = { type = \"latency\", delay = \"1ms\" }\n";
  const auto hits = [](const std::string& text) {
    std::string list;
    for (std::uint64_t flow = 1; flow <= 100; ++flow) {
      VirtualWorld world(text, Direction::kUpstream, 5, flow);
      world.run();
      list += world.left().empty() ? '.' : 'R';
    }
    return list;
  };
  EXPECT_EQ(hits(flaky), hits(before + flaky));
  EXPECT_NE(
      hits(flaky),
      hits("[[rule]]\nname = \"flaky2\"\nprobability = \"30%\"\nfault = { type = \"reset\" }\n"));
}

TEST(RuleSet, PerSecondSwitchesOnAndOffOnALongConnection) {
  VirtualWorld world(R"([[rule]]
probability = "25%"
per = "second"
fault = { type = "unplug" })");
  for (int i = 0; i < 4000; ++i) world.at(i * 100ms + 50ms).send("x");
  world.run(402s);
  EXPECT_EQ(world.bytes().size(), 4000U);
  int late = 0;
  for (std::size_t i = 0; i < 4000; ++i) {
    late += world.left()[i].at > Instant(static_cast<int>(i) * 100ms + 50ms) ? 1 : 0;
  }
  EXPECT_NEAR(late, 1000, 250);
  EXPECT_NEAR(static_cast<double>(world.state().sampled.load()), 100, 25);
}

TEST(RuleSet, RareSecondIsFoundAfterALongSearch) {
  VirtualWorld world(R"([[rule]]
probability = "0.01%"
per = "second"
fault = { type = "reset" })");
  world.run(std::chrono::hours(100));
  ASSERT_EQ(world.left().size(), 1U);
  EXPECT_EQ(world.left()[0].what, "<RST>");
}

TEST(RuleSet, SwitchesOnAndOffOnALiveConnection) {
  VirtualWorld world(R"([[rule]]
start = "10s"
duration = "10s"
fault = { type = "latency", delay = "1h" })");
  world.at(9s).send("a").at(11s).send("b").at(25s).send("c").run();
  EXPECT_EQ(world.log(), "9s a\n20s b\n25s c\n");
}

TEST(RuleSet, RampedProbabilityAddsConnectionsEvenlyOverTheRamp) {
  std::vector<Instant> when;
  for (std::uint64_t flow = 1; flow <= 200; ++flow) {
    VirtualWorld world(
        "[[rule]]\nprobability = \"50%\"\nramp = \"100s\"\nfault = { type = \"reset\" }",
        Direction::kUpstream, 3, flow);
    world.run();
    if (!world.left().empty()) when.push_back(world.left()[0].at);
  }
  EXPECT_NEAR(static_cast<double>(when.size()), 100, 30);
  const auto early =
      std::count_if(when.begin(), when.end(), [](Instant t) { return t < Instant(50s); });
  EXPECT_NEAR(static_cast<double>(early), static_cast<double>(when.size()) / 2, 20);
}

TEST(RuleSet, ReloadKeepsStateOfUnchangedRules) {
  const std::string limit =
      "[[rule]]\nname = \"limit\"\nfault = { type = \"limit_data\", bytes = \"10 B\" }\n";
  VirtualWorld world(limit);
  world.at(1s).send("01234").at(2s).reload(
      limit + "[[rule]]\nfault = { type = \"latency\", delay = \"1s\" }");
  world.at(3s).send("56789abc").run();
  EXPECT_EQ(world.bytes(), "0123456789");
  EXPECT_EQ(world.left().back().at, Instant(4s));
  EXPECT_EQ(world.state(0).matched.load(), 1U);
}

TEST(RuleSet, ReloadThatReordersRulesKeepsBytesInOrder) {
  const std::string a = "[[rule]]\nname = \"a\"\nfault = { type = \"latency\", delay = \"1s\" }\n";
  const std::string b = "[[rule]]\nname = \"b\"\nfault = { type = \"latency\", delay = \"5s\" }\n";
  VirtualWorld world(a + b);
  for (int i = 0; i < 50; ++i) world.at(i * 100ms).send(std::string(1, static_cast<char>('A' + i)));
  world.at(2500ms).reload(b + a).run();
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += static_cast<char>('A' + i);
  EXPECT_EQ(world.bytes(), expected);
}

TEST(RuleHistory, KeepsTotalsOfRemovedRules) {
  const auto set_of = [](std::string_view names, const RuleSet* before) {
    std::string text;
    for (const char name : names) {
      text += std::string("[[rule]]\nname = \"") + name + "\"\nfault = { type = \"refuse\" }\n";
    }
    return RuleSet::activate(config_of(text).rules, 1, Instant{}, before);
  };
  const auto first = set_of("abc", nullptr);
  for (const auto& rule : first->rules()) rule->state->injected = 5;
  first->rules()[0]->state->matched = 1;
  const auto second = set_of("b", first.get());
  rules::RuleHistory history;
  history.replaced(*first, *second);
  EXPECT_EQ(history.injected(), 10U);
  EXPECT_TRUE(history.matched("a"));
  EXPECT_FALSE(history.matched("c"));
}

TEST(RuleSet, OrdinalsCountOnlyConnectionsThatArriveAfterTheRule) {
  VirtualWorld world("");
  world.at(1s)
      .reload("[[rule]]\nmatch = { first = 1 }\nfault = { type = \"reset\" }")
      .at(2s)
      .send("x")
      .run();
  EXPECT_EQ(world.log(), "2s x\n");
}

TEST(RuleSet, LaterStagesActOnDataThatARemovedStageReleases) {
  VirtualWorld world(R"([[rule]]
name = "hold"
fault = { type = "unplug" }
[[rule]]
name = "late"
fault = { type = "latency", delay = "1s" })");
  world.at(1s)
      .send("a")
      .at(5s)
      .reload("[[rule]]\nname = \"late\"\nfault = { type = \"latency\", delay = \"1s\" }")
      .run();
  EXPECT_EQ(world.log(), "6s a\n");
}

TEST(Explain, GivesAReasonForEachRuleThatDoesNotAct) {
  const auto config = config_of(kThree + R"(
[[rule]]
name = "later"
start = "10s"
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "rare"
probability = "0%"
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "some"
probability = "50%"
fault = { type = "latency", delay = "1ms" })");
  const auto answers =
      rules::explain(config, {.flow = flow_of(1, "10.1.9.9"), .at = 1s, .seed = 1});
  ASSERT_EQ(answers.size(), 6U);
  EXPECT_TRUE(answers[0].acts);
  EXPECT_TRUE(answers[1].acts);
  EXPECT_EQ(answers[2].why, "it is for client 192.168.0.0/16, 10.1.2.0/24, not 10.1.9.9");
  EXPECT_EQ(answers[3].why, "it starts 10s after loading");
  EXPECT_EQ(answers[4].why, "its probability is 0%");
  const auto set = RuleSet::activate(config.rules, 1, Instant{});
  VirtualWorld world(set, flow_of(1, "10.1.9.9"), Direction::kUpstream);
  EXPECT_EQ(answers[5].acts, set->rules()[5]->state->sampled.load() == 1) << answers[5].why;
}

}  // namespace
}  // namespace brownout::test
