// Tests which SYNs a rule loses; the decision knows only addresses, ports and the time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/engine/syn_plan.h"
#include "rules/language/ask.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::SynListener;
using rules::SynSight;
using testing::HasSubstr;

rules::SynFacts syn_from(const std::string& client, std::uint16_t port = 40000,
                         const std::string& to = "192.0.2.7", std::uint16_t to_port = 443) {
  return {.client = *rules::IpAddress::parse(client),
          .client_port = port,
          .destination = *rules::IpAddress::parse(to),
          .port = to_port,
          .sequence = 4711};
}

rules::SynPlan plan_of_syns(const std::string& text, SynSight sight = SynSight::kClient,
                            Duration at = {}, const std::vector<rules::Prefix>& named = {}) {
  const auto config =
      sight == SynSight::kDestination ? intercepted_config_of(text) : config_of(text);
  const auto set = rules::RuleSet::activate(config.rules, 1, Instant{});
  return plan_syns(*set, {.name = "chat", .sight = sight}, Instant{at},
                   [&](const auto&) { return named; });
}

bool loses(const rules::SynPlan& plan, const rules::SynFacts& syn) {
  return losing(plan.rules, syn) != nullptr;
}

std::string syn_rule(const std::string& keys) {
  return "[[rule]]\n" + keys + "\nfault = { type = \"syn_loss\" }\n";
}

TEST(SynLoss, LosesTheSynsOfItsClients) {
  const auto now =
      plan_of_syns(syn_rule("match = { client = [\"10.0.0.0/8\", \"2001:db8::/32\"] }"));
  EXPECT_TRUE(loses(now, syn_from("10.1.2.3")));
  EXPECT_TRUE(loses(now, syn_from("2001:db8::1")));
  EXPECT_FALSE(loses(now, syn_from("11.1.2.3")));
  EXPECT_FALSE(loses(now, syn_from("2001:db9::1")));
  EXPECT_EQ(now.next, rules::kNever);
}

TEST(SynLoss, ActsDuringItsScheduleAndSaysWhenThatChanges) {
  const auto text = syn_rule("start = \"10s\"\nduration = \"5s\"");
  EXPECT_TRUE(plan_of_syns(text).rules.empty());
  EXPECT_EQ(plan_of_syns(text).next, Instant{10s});
  EXPECT_TRUE(loses(plan_of_syns(text, SynSight::kClient, 10s), syn_from("10.1.2.3")));
  EXPECT_EQ(plan_of_syns(text, SynSight::kClient, 10s).next, Instant{15s});
  EXPECT_TRUE(plan_of_syns(text, SynSight::kClient, 15s).rules.empty());
}

TEST(SynLoss, AProbabilityPerClientIsTheSameForAllItsConnects) {
  const auto now = plan_of_syns(syn_rule("probability = \"30%\"\nper = \"client\""));
  int clients = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    const bool hit = loses(now, syn_from(address));
    clients += hit ? 1 : 0;
    EXPECT_EQ(loses(now, syn_from(address, 50000)), hit);
  }
  EXPECT_NEAR(clients, 600, 80);
}

TEST(SynLoss, AProbabilityPerConnectionCountsRetransmissionsAsOneConnect) {
  const auto now = plan_of_syns(syn_rule("probability = \"30%\""));
  int connects = 0;
  for (std::uint16_t port = 40000; port < 42000; ++port) {
    connects += loses(now, syn_from("10.1.2.3", port)) ? 1 : 0;
  }
  EXPECT_NEAR(connects, 600, 80);
}

TEST(SynLoss, ARampRaisesTheProbabilityInSteps) {
  const auto text = syn_rule("per = \"client\"\nramp = \"10s\"");
  const auto hits = [&](Duration at) {
    const auto now = plan_of_syns(text, SynSight::kClient, at);
    int clients = 0;
    for (int i = 0; i < 200; ++i) {
      clients += loses(now, syn_from("10.0.0." + std::to_string(i))) ? 1 : 0;
    }
    return clients;
  };
  EXPECT_EQ(hits(0s), 0);
  EXPECT_NEAR(hits(5s), 100, 30);
  EXPECT_EQ(hits(10s), 200);
  EXPECT_EQ(plan_of_syns(text, SynSight::kClient, 5s).next, Instant{5200ms});
}

TEST(SynLoss, MatchesDestinationsWhereTheSynShowsThem) {
  const auto text =
      syn_rule("match = { destination = \"192.0.2.0/24\", port = [80, \"440-450\"] }");
  const auto now = plan_of_syns(text, SynSight::kDestination);
  EXPECT_TRUE(loses(now, syn_from("10.1.2.3")));
  EXPECT_FALSE(loses(now, syn_from("10.1.2.3", 40000, "192.0.3.7")));
  EXPECT_FALSE(loses(now, syn_from("10.1.2.3", 40000, "192.0.2.7", 451)));
}

TEST(SynLoss, MatchesTheAddressesOfAHost) {
  const auto text = syn_rule("match = { host = \"*.example.org\" }");
  const auto now =
      plan_of_syns(text, SynSight::kDestination, {}, {*rules::parse_prefix("192.0.2.7")});
  EXPECT_TRUE(now.uses_names);
  EXPECT_TRUE(loses(now, syn_from("10.1.2.3")));
  EXPECT_FALSE(loses(now, syn_from("10.1.2.3", 40000, "192.0.2.8")));
  EXPECT_FALSE(loses(plan_of_syns(text, SynSight::kDestination), syn_from("10.1.2.3")))
      << "no address yet";
}

TEST(SynLoss, RefusesWhatASynDoesNotShow) {
  EXPECT_THAT(first_problem_of(syn_rule("match = { first = 2 }")),
              HasSubstr("cannot count connects"));
  EXPECT_THAT(first_problem_of(syn_rule("match = { port = 443 }")),
              HasSubstr("does not show the server"));
  EXPECT_THAT(first_problem_of(syn_rule("match = { host = \"a\" }"), "http"),
              HasSubstr("does not show the server"));
  EXPECT_THAT(first_problem_of(syn_rule("match = { sni = \"a\" }"), "tls"),
              HasSubstr("before the TLS handshake"));
  EXPECT_THAT(first_problem_of(syn_rule("match = { not = { client = \"10.0.0.0/8\" } }")),
              HasSubstr("cannot match `not`"));
  EXPECT_THAT(first_problem_of(syn_rule("match = { source_port = 5000 }")),
              HasSubstr("cannot match `source_port`"));
  EXPECT_THAT(first_problem_of(syn_rule("match = { direction = \"upstream\" }")),
              HasSubstr("before any data flows"));
}

// Where the kernel has no filter, the connection is accepted and then silent.
TEST(SynLoss, LeavesAnAcceptedConnectionSilentWithoutAFilter) {
  const auto set = rules::RuleSet::activate(config_of(syn_rule("")).rules, 1, Instant{});
  auto flow = flow_of();
  EXPECT_EQ(plan_arrival(*set, flow).admission.verdict, rules::Admission::Verdict::kHang);
  flow.syn_sight = SynSight::kClient;
  EXPECT_EQ(plan_arrival(*set, flow).admission.verdict, rules::Admission::Verdict::kServe);
}

std::string explained(const std::string& keys, const rules::SynWays& ways,
                      rules::Intercept how = rules::Intercept::kRedirect) {
  auto config = intercepted_config_of(syn_rule(keys));
  config.listeners.front().intercept = how;
  rules::Asked asked;
  asked.listener = config.listeners.front().name;
  asked.client = "10.1.2.3:40000";
  asked.destination = "192.0.2.7:443";
  asked.syn_ways = ways;
  const auto posed = rules::pose(config, asked);
  return posed ? explain(config, (*posed)->question).front().why : posed.error().what;
}

TEST(SynLoss, ExplainSaysHowAConnectHangs) {
  const std::string by_port = "match = { port = 443 }";
  EXPECT_THAT(explained(by_port, {.own_network = true}),
              HasSubstr("because a filter on the listening"));
  EXPECT_THAT(explained(by_port, {}), HasSubstr("a SYN packet shows the server only in `exec`"));
  EXPECT_THAT(explained(by_port, {}, rules::Intercept::kTproxy),
              HasSubstr("because a filter on the listening socket"));
  EXPECT_THAT(explained("", {.filters = false}), HasSubstr("keeps the listener's accept queue"));
  EXPECT_THAT(explained("", {.filters = false, .own_network = true}),
              HasSubstr("this user may not attach a filter for SYN packets"));
  EXPECT_THAT(explained("match = { client = \"10.0.0.0/8\" }", {.filters = false}),
              HasSubstr("this user may not attach a filter for SYN packets"));
}

// Other faults lose SYNs only where their match can be decided before the connection.
TEST(SynLoss, UnplugAndAsymmetricLoseSynsWhereTheyCanDecide) {
  const auto fault_loses = [](const std::string& keys, const std::string& fault) {
    return loses(plan_of_syns("[[rule]]\n" + keys + "\nfault = { type = " + fault + " }"),
                 syn_from("10.1.2.3"));
  };
  EXPECT_TRUE(fault_loses("", "\"unplug\""));
  EXPECT_TRUE(fault_loses("match = { client = \"10.0.0.0/8\" }", "\"unplug\""));
  EXPECT_TRUE(fault_loses("", "\"asymmetric\""));
  EXPECT_FALSE(fault_loses("", "\"unplug\", after = \"1s\""));
  EXPECT_FALSE(fault_loses("match = { every = 2 }", "\"unplug\""));
  EXPECT_FALSE(fault_loses("match = { direction = \"upstream\" }", "\"unplug\""));
  EXPECT_FALSE(fault_loses("probability = \"50%\"", "\"unplug\""));
}

TEST(SynLoss, AFirewallLosesWhatItDrops) {
  const std::string text = R"([[firewall]]
name = "f"
policy = "drop"
rules = [
  { action = "reject", source = "10.9.0.0/16" },
  { action = "drop", source = "10.1.2.3" },
  { action = "accept", source = "10.0.0.0/8", port = 443 },
  { action = "accept", source = "10.0.0.0/8", state = "established" },
])";
  const auto blind = plan_of_syns(text);
  EXPECT_FALSE(loses(blind, syn_from("10.9.1.1"))) << "a RST answers it once it is accepted";
  EXPECT_TRUE(loses(blind, syn_from("10.1.2.3")));
  EXPECT_FALSE(loses(blind, syn_from("10.4.4.4"))) << "decided when the server is known";
  EXPECT_TRUE(loses(blind, syn_from("11.1.1.1")));
  const auto seeing = plan_of_syns(text, SynSight::kDestination);
  EXPECT_FALSE(loses(seeing, syn_from("10.4.4.4")));
  EXPECT_TRUE(loses(seeing, syn_from("10.4.4.4", 40000, "192.0.2.7", 80)));
}

}  // namespace
}  // namespace brownout::test
