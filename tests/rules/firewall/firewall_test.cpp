// Tests firewalls: which line decides, reading and writing rulesets, and scheduled mistakes in
// them.
#include "rules/firewall/firewall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/explain.h"
#include "rules/language/load_toml.h"
#include "tests/support/firewall_lab.h"

namespace brownout::test {
namespace {

using namespace rules;

TEST(Firewall, TheFirstMatchingLineOrElseThePolicyDecides) {
  const FirewallLab lab(edge());
  EXPECT_EQ(lab.connect("10.1.2.3"), "accept");
  EXPECT_EQ(lab.connect("10.1.2.3", {}, 1884), "drop");
  EXPECT_EQ(lab.connect("10.1.2.3", {}, 22), "reject");
  EXPECT_EQ(lab.connect("192.0.2.11", {}, 22), "accept");
  EXPECT_EQ(lab.connect("10.2.0.1"), "drop");
  EXPECT_EQ(lab.state(0).matched + lab.state(0).injected, 3U);
}

TEST(Firewall, ALineMatchesOnlyIfAllItsConditionsHold) {
  FirewallLine line{.action = FirewallAction::kDrop,
                    .source = {*parse_prefix("10.0.0.0/8")},
                    .destination = {*parse_prefix("192.0.2.0/24")},
                    .source_port = {{1000, 2000}},
                    .port = {{53, 53}},
                    .protocol = Transport::kUdp,
                    .listener = {"dns"},
                    .state = PacketState::kNew};
  const Packet packet{.listener = "dns",
                      .source = IpAddress::parse("10.1.1.1"),
                      .destination = IpAddress::parse("192.0.2.9"),
                      .source_port = 1500,
                      .destination_port = 53,
                      .transport = Transport::kUdp,
                      .state = PacketState::kNew};
  EXPECT_TRUE(line.matches(packet));
  const auto differs = [&](auto change) {
    auto other = packet;
    change(other);
    return !line.matches(other);
  };
  EXPECT_TRUE(differs([](Packet& p) { p.listener = "chat"; }));
  EXPECT_TRUE(differs([](Packet& p) { p.source = IpAddress::parse("11.1.1.1"); }));
  EXPECT_TRUE(differs([](Packet& p) { p.source.reset(); }));
  EXPECT_TRUE(differs([](Packet& p) { p.destination = IpAddress::parse("192.0.3.1"); }));
  EXPECT_TRUE(differs([](Packet& p) { p.source_port = 2001; }));
  EXPECT_TRUE(differs([](Packet& p) { p.destination_port = 54; }));
  EXPECT_TRUE(differs([](Packet& p) { p.transport = Transport::kTcp; }));
  EXPECT_TRUE(differs([](Packet& p) { p.state = PacketState::kEstablished; }));
}

TEST(Firewall, OnlyAStatefulFirewallAcceptsEstablishedPackets) {
  const std::string rules =
      "policy = \"drop\"\nrules = [{ action = \"accept\", source = \"10.0.0.0/8\" }]\n";
  const auto flow = flow_of(1, "10.1.2.3");
  for (const auto& [stateful, passes] : {std::pair{"true", true}, std::pair{"false", false}}) {
    const FirewallLab lab("[[firewall]]\nname = \"f\"\nstateful = " + std::string(stateful) + "\n" +
                          rules);
    const auto& firewall =
        static_cast<const FirewallFault&>(*lab.set()->rules()[0]->fault).timeline().correct();
    const auto reply =
        firewall.decide(packet_of(flow, Direction::kDownstream, PacketState::kEstablished));
    EXPECT_EQ(reply.action == FirewallAction::kAccept, passes);
  }
}

TEST(Firewall, WritingAndReadingPreservesTheFirewall) {
  const FirewallLab lab(R"([[firewall]]
name = "a \"b\""
listener = "chat"
policy = "reject"
stateful = false
rules = [
  { action = "drop", source = ["10.0.0.0/8", "2001:db8::/32"], destination = "192.0.2.1", source_port = "1-2", port = [3, "4-5"], protocol = "udp", listener = "chat", state = "established", comment = "x \\ \"y\"" },
  { action = "accept" },
])");
  const auto& firewall =
      static_cast<const FirewallFault&>(*lab.set()->rules()[0]->fault).timeline().correct();
  const FirewallLab again(to_toml(firewall));
  const auto& same =
      static_cast<const FirewallFault&>(*again.set()->rules()[0]->fault).timeline().correct();
  EXPECT_EQ(firewall.name, same.name);
  EXPECT_EQ(firewall.policy, same.policy);
  EXPECT_EQ(firewall.stateful, same.stateful);
  EXPECT_EQ(firewall.listener, same.listener);
  EXPECT_EQ(firewall.rules, same.rules);
}

TEST(Firewall, ErrorsInTheFileAreReported) {
  EXPECT_EQ(first_problem_of("[[firewall]]\nname = \"f\"\nrules = [{ action = \"allow\" }]"),
            "action: unknown value \"allow\"");
  EXPECT_EQ(
      first_problem_of("[[firewall]]\nname = \"f\"\nrules = [{ action = \"drop\", port = 70000 }]"),
      "port: 70000 is not a port");
  EXPECT_EQ(first_problem_of(
                "[[firewall]]\nname = \"f\"\nrules = [{ action = \"drop\", port = \"9-2\" }]"),
            "port: \"9-2\" is not a range of ports");
  EXPECT_EQ(first_problem_of("[[firewall]]\nname = \"f\"\nrules = [{ source = \"10.0.0.0/8\" }]"),
            "a line of the firewall needs \"action\"");
  EXPECT_EQ(first_problem_of(
                "[[firewall]]\nname = \"f\"\nrules = [{ action = \"drop\", listener = \"x\" }]"),
            "there is no listener \"x\"");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"no_established\", firewall = \"x\" }"),
            "there is no firewall \"x\"");
  EXPECT_EQ(first_problem_of(
                edge() + "[[rule]]\nprobability = \"5%\"\nfault = { type = \"no_established\" }"),
            "fault \"no_established\" does not support probability");
  EXPECT_EQ(first_problem_of(edge() + edge()), "there is already a firewall \"edge\"");
}

TEST(Firewall, MistakesFollowTheirSchedules) {
  const FirewallLab lab(edge() + R"([[rule]]
start = "10s"
duration = "5s"
fault = { type = "stale_allowlist", address = "192.0.2.10" }
[[rule]]
start = "12s"
fault = { type = "stale_allowlist", address = "192.0.2.11" })");
  const auto both = [&](Duration at) {
    return lab.connect("192.0.2.10", at) + " " + lab.connect("192.0.2.11", at);
  };
  EXPECT_EQ(both(9s), "accept accept");
  EXPECT_EQ(both(10s), "drop accept");
  EXPECT_EQ(both(12s), "drop drop");
  EXPECT_EQ(both(15s), "accept drop");
  EXPECT_EQ(lab.state(1).injected, 3U);  // includes the drop that the other mistake caused
}

TEST(Firewall, AReloadDoesNotRestartAnUnchangedMistake) {
  const auto text = edge() +
                    "[[rule]]\nname = \"m\"\nstart = \"10s\"\nfault = { type = "
                    "\"stale_allowlist\", address = \"192.0.2.10\" }\n";
  const auto first = RuleSet::activate(config_of(text).rules, 1, Instant{});
  const auto second =
      RuleSet::activate(config_of(text + "[[rule]]\nfault = { type = \"refuse\" }\n").rules, 1,
                        Instant(8s), first.get());
  auto facts = flow_of(1, "192.0.2.10");
  EXPECT_TRUE(plan_dial(*second, facts, Instant(9s)).admission.serves());
  EXPECT_FALSE(plan_dial(*second, facts, Instant(10s)).admission.serves());
  EXPECT_EQ(first->rules()[0], second->rules()[0]);
}

TEST(Firewall, ExplainNamesTheDecidingLine) {
  const auto config =
      config_of(edge() + "[[rule]]\nstart = \"1m\"\nfault = { type = \"rule_order\", line = 3 }");
  Question question;
  question.flow = flow_of(1, "10.1.2.3");
  question.flow.destination_port = 22;
  EXPECT_EQ(explain(config, question)[0].why,
            "for a new connection or session: line 3: reject -> port 20-29");
  question.flow.destination_port = 1883;
  EXPECT_EQ(explain(config, question)[0].why,
            "for a new connection or session: line 1: accept 10.1.0.0/16 -> port 1883 (phones)");
  EXPECT_FALSE(explain(config, question)[0].acts);
  question.flow.client = IpAddress::parse("192.0.2.10");
  question.flow.destination_port = 25;
  question.at = 2min;
  EXPECT_EQ(explain(config, question)[0].why,
            "for a new connection or session: line 1: reject -> port 20-29, because of the "
            "injected mistake of rule \"rule_order\"");
  question.flow.client = IpAddress::parse("10.9.9.9");
  question.flow.destination_port = 1883;
  EXPECT_EQ(explain(config, question)[0].why, "for a new connection or session: the policy: drop");
}

TEST(Firewall, DroppedEstablishedPacketsAreHeldUntilTheMistakeEnds) {
  const std::string rules = R"([[firewall]]
name = "f"
policy = "drop"
rules = [{ action = "accept", source = "10.1.0.0/16" }]
[[rule]]
start = "10s"
duration = "10s"
fault = { type = "no_established" })";
  VirtualWorld replies(rules, Direction::kDownstream);
  replies.at(9s).send("a").at(11s).send("b").at(12s).send_fin().run();
  EXPECT_EQ(replies.log(), "9s a\n20s b\n20s <FIN>\n");
  // Packets from the client match the accept line, so they pass.
  VirtualWorld requests(rules, Direction::kUpstream);
  requests.at(11s).send("b").run();
  EXPECT_EQ(requests.log(), "11s b\n");
}

TEST(Firewall, ARejectedEstablishedConnectionIsReset) {
  VirtualWorld world(R"([[firewall]]
name = "f"
stateful = false
rules = [{ action = "reject", state = "established" }])");
  world.at(1s).send("x").run();
  EXPECT_EQ(world.log(), "1s <RST>\n");
}

}  // namespace
}  // namespace brownout::test
