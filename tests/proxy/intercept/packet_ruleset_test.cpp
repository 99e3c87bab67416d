// Tests the nftables rules that lose and answer SYNs, as text, and what is counted of them.
#include "proxy/intercept/packet_ruleset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/engine/packet_table.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using proxy::PacketArrival;
using proxy::PacketPort;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

PacketPort port_with(const std::string& text, PacketArrival arrival) {
  const auto config = intercepted_config_of(text);
  const auto set = rules::RuleSet::activate(config.rules, 1, Instant{});
  const auto plan = plan_syns(
      *set,
      {.name = "chat",
       .sight = rules::SynSight::kDestination,
       .packets = rules::SynSight::kDestination},
      Instant{}, [](const auto&) { return std::vector{*rules::parse_prefix("192.0.2.7")}; });
  return {
      .listener = "chat", .arrival = arrival, .port = 1500, .datagrams = true, .rules = plan.rules};
}

std::string ruleset(const std::string& keys, const std::string& fault,
                    PacketArrival arrival = PacketArrival::kRedirected) {
  const std::vector ports{
      port_with("[[rule]]\n" + keys + "\nfault = { type = " + fault + " }", arrival)};
  return packet_ruleset(ports, "t");
}

TEST(PacketRuleset, LosesSynsByTheDestinationInConntrack) {
  const auto text = ruleset(
      "match = { destination = [\"10.0.0.0/8\", \"10.1.0.0/16\", \"2001:db8::1\"], port = [80, "
      "\"80-90\"] }",
      "\"syn_loss\"");
  EXPECT_THAT(text, HasSubstr("tcp dport 1500 tcp flags & (fin | syn | rst | ack) == syn ct status "
                              "dnat jump tcp_0"));
  EXPECT_THAT(text, HasSubstr("meta nfproto ipv4 meta l4proto tcp ct original ip daddr { "
                              "10.0.0.0/8 } ct original proto-dst { 80-90 } counter name "
                              "\"count_0_0\" drop\n"));
  EXPECT_THAT(text, HasSubstr("ct original ip6 daddr { 2001:db8::1"));
  EXPECT_THAT(text, Not(HasSubstr("udp"))) << "datagrams are not lost here";
}

TEST(PacketRuleset, AnswersSynsAndDatagramsByTheMarkOfTheirListener) {
  const auto text =
      ruleset("match = { client = \"10.0.0.0/8\" }", "\"unreachable\"", PacketArrival::kMarked);
  EXPECT_THAT(text, HasSubstr("meta mark 1500 meta l4proto tcp tcp flags"));
  EXPECT_THAT(text, HasSubstr("meta mark 1500 meta l4proto udp jump udp_0"));
  EXPECT_THAT(text, HasSubstr("meta l4proto udp ip saddr { 10.0.0.0/8 } counter name "
                              "\"count_0_0\" reject with icmpx type host-unreachable"));
  EXPECT_THAT(text, Not(HasSubstr("ipv6 meta l4proto"))) << "no IPv6 client can match";
}

TEST(PacketRuleset, DrawsForConnectsClientsAndSegments) {
  const auto drawn = [](const std::string& per) {
    return ruleset("probability = \"25%\"\n" + per, "\"unreachable\"", PacketArrival::kDirect);
  };
  EXPECT_THAT(drawn(""), HasSubstr("jhash ip saddr . tcp sport . tcp sequence mod 1000000000"));
  EXPECT_THAT(drawn(""), HasSubstr("jhash ip6 saddr . udp sport mod 1000000000"));
  EXPECT_THAT(drawn("per = \"client\""), HasSubstr("jhash ip saddr mod 1000000000 seed 0x"));
  EXPECT_THAT(drawn("per = \"chunk\""), HasSubstr("numgen random mod 1000000000 < 250000000 "));
}

TEST(PacketRuleset, KeepsAFirewallsOrderAndKnowsNames) {
  const std::vector ports{port_with(R"([[firewall]]
name = "f"
policy = "drop"
rules = [{ action = "accept", source = "0.0.0.0/0", port = 443 }]
[[rule]]
match = { host = "gone.test" }
fault = { type = "syn_loss" })",
                                    PacketArrival::kRedirected)};
  const auto text = packet_ruleset(ports, "t");
  EXPECT_THAT(text, HasSubstr("ct original proto-dst { 443 } return\n    meta nfproto ipv4 meta "
                              "l4proto tcp counter name \"count_0_0\" drop"));
  EXPECT_THAT(text, HasSubstr("ct original ip daddr { 192.0.2.7"));
  EXPECT_THAT(text, HasSubstr("timeout 30s"));
}

struct FakeFilter final : proxy::PacketFilter {
  rules::Result<std::string> run(const std::string& script) override {
    scripts.push_back(script.substr(0, script.find(' ', script.find(' ') + 1)));
    if (!error.empty())
      return tl::unexpected(rules::Error{rules::Origin::kInternal, error, {}, {}});
    return R"({"nftables": [{"metainfo": {}}, {"counter": {"name": "count_0_0", "packets": )" +
           std::to_string(packets) + "}}, {\"counter\": 7}]}";
  }
  std::vector<std::string> scripts;
  std::string error;
  int packets = 0;
};

TEST(PacketTable, CountsReplacesAndRemoves) {
  const auto filter = std::make_shared<FakeFilter>();
  {
    proxy::PacketTable table(filter);
    const auto ports = std::vector{
        port_with("[[rule]]\nfault = { type = \"syn_loss\" }", PacketArrival::kRedirected)};
    EXPECT_TRUE(table.put(ports, Instant{}));
    EXPECT_TRUE(table.put(ports, Instant{})) << "the same rules again";
    filter->packets = 3;
    ASSERT_EQ(table.take_counts().size(), 1U);
    EXPECT_TRUE(table.take_counts().empty()) << "nothing new";
    EXPECT_TRUE(table.refresh(Instant{5s}));
    EXPECT_TRUE(table.refresh(Instant{10s}));
    EXPECT_THAT(filter->scripts,
                ElementsAre("add table", "list counters", "list counters", "flush set"));
    filter->error = "not permitted";
    EXPECT_FALSE(table.put({}, Instant{11s}));
    EXPECT_FALSE(table.in_force());
    filter->error.clear();
    EXPECT_TRUE(table.put(ports, Instant{12s}));
    filter->scripts.clear();
  }
  EXPECT_THAT(filter->scripts, ElementsAre("add table")) << "removed at the end";
}

}  // namespace
}  // namespace brownout::test
