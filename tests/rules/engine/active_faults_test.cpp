// Tests the counters behind the metrics brownout_active_faults and brownout_faults_overflow_total.
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(ActiveFaults, CountConnectionsWhileTheRuleActs) {
  for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
    const std::string rule =
        "[[rule]]\nstart = \"1s\"\nduration = \"2s\"\nmatch = { direction = \"" +
        std::string(to_text(direction)) + "\" }\nfault = { type = \"latency\", delay = \"1ms\" }";
    VirtualWorld world(rule, direction);
    const auto& state = world.state();
    EXPECT_EQ(state.active_flows, 0);
    world.at(2s).call([&] { EXPECT_EQ(state.active_flows, 1); }).run();
    EXPECT_EQ(state.active_flows, 0);
  }
}

TEST(ActiveFaults, CountAConnectionOnceForBothDirections) {
  const auto set = rules::RuleSet::activate(
      config_of("[[rule]]\nfault = { type = \"latency\", delay = \"1ms\" }").rules, 1, Instant{});
  const auto& active = set->rules()[0]->state->active_flows;
  {
    const VirtualWorld up(set, flow_of(), Direction::kUpstream);
    const VirtualWorld down(set, flow_of(), Direction::kDownstream);
    EXPECT_EQ(active, 1);
    const VirtualWorld other(set, flow_of(2), Direction::kUpstream);
    EXPECT_EQ(active, 2);
  }
  EXPECT_EQ(active, 0);  // the connections have ended
}

TEST(ActiveFaults, EndWithTheirRule) {
  // The fault timeout keeps its state when its settings change, the others do not.
  for (const auto& [before, after] :
       {std::pair{"type = \"latency\", delay = \"1s\"", "type = \"latency\", delay = \"2s\""},
        std::pair{"type = \"timeout\", close_after = \"1h\"",
                  "type = \"timeout\", close_after = \"2h\""}}) {
    const auto rule = [](const std::string& fault) {
      return "[[rule]]\nname = \"r\"\nfault = { " + fault + " }";
    };
    VirtualWorld world(rule(before));
    const auto old = world.set();
    world.at(1s).send("x").at(2s).reload(rule(after)).run(3s);
    EXPECT_EQ(old->rules()[0]->state->active_flows, 0) << before;
    EXPECT_EQ(world.state().active_flows, 1) << before;
  }
}

TEST(FaultsOverflow, CountsDatagramsAtAFullQueue) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"bandwidth\", rate = \"10 KB/s\", queue = \"2500 B\" }");
  for (int i = 0; i < 5; ++i) world.at(0s).send(std::string(1000, 'x'));
  world.run();
  EXPECT_EQ(world.state().overflow, 3U);
  EXPECT_EQ(world.state().injected, 4U);  // and one note that the rate is limited
}

TEST(FaultsOverflow, CountsConnectionsAndRequestsThatALimitTurnsAway) {
  for (const std::string fault :
       {"type = \"connection_limit\", max = 2",
        "type = \"overload\", unit = \"connection\", capacity = \"1/h\", queue = 1"}) {
    const auto set =
        rules::RuleSet::activate(config_of("[[rule]]\nfault = { " + fault + " }").rules, 1, {});
    std::vector<rules::Arrival> open;
    for (std::uint64_t i = 1; i <= 5; ++i) open.push_back(rules::plan_arrival(*set, flow_of(i)));
    EXPECT_EQ(set->rules()[0]->state->overflow, 3U) << fault;
  }
}

TEST(FaultsOverflow, CountsRequestsBeyondMaxActiveFaults) {
  HttpLab lab(R"([[rule]]
max_active_faults = 1
fault = { type = "delay", delay = "1s" })");
  auto& state = const_cast<rules::RuleState&>(lab.state());
  state.active = 1;  // another request is delayed now
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(state.overflow, 1U);
  state.active = 0;
  EXPECT_EQ(lab.get("/"), "+1s 200 hello");
  EXPECT_EQ(state.overflow, 1U);
  EXPECT_EQ(state.injected, 1U);
}

}  // namespace
}  // namespace brownout::test
