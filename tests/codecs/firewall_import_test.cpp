// Real rulesets (as nft and iptables-save wrote them, tests/fuzz/corpus) and broken ones.
#include "proxy/codecs/firewall_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/codecs/flow_record.h"
#include "tests/support/files.h"

namespace brownout::codecs {
namespace {

using namespace rules;

std::string corpus(const std::string& name) {
  return test::read_source("tests/fuzz/corpus/" + name);
}

std::string lines_of(const ImportedFirewall& imported) {
  std::string text;
  for (const auto& line : imported.firewall.rules) text += to_text(line) + "\n";
  return text;
}

TEST(FirewallImport, NftablesWithSetsRangesJumpsAndStates) {
  const auto imported = import_firewall(corpus("nftables/ruleset.json"), "");
  ASSERT_TRUE(imported) << imported.error().what;
  EXPECT_EQ(imported->firewall.name, "filter/input");
  EXPECT_EQ(imported->firewall.policy, FirewallAction::kDrop);
  EXPECT_FALSE(imported->firewall.stateful);
  EXPECT_EQ(
      lines_of(*imported),
      "accept established\n"
      "accept 10.1.0.0/16 -> port 1883 tcp (phones)\n"
      "accept 192.0.2.10/32, 192.0.2.16/28, 198.51.100.1/32, 198.51.100.2/31, 198.51.100.4/31, "
      "198.51.100.6/32\n"
      "accept 2001:db8::/32 -> port 8883 tcp\n"
      "accept -> port 53\n"
      "reject -> port 22 tcp\n"
      "accept 172.16.0.0/12 -> port 80, 443, 8000-8099 tcp (web)\n");
  std::vector<std::string> why;
  for (const auto& one : imported->left_out) why.push_back(one.why);
  EXPECT_THAT(why, testing::ElementsAre("a proxy sees no packets of the state \"invalid\"",
                                        "a match on {\"meta\":{\"key\":\"iifname\"}}",
                                        "a proxy sees no packets of the protocol \"icmp\"",
                                        "limit has no counterpart", "a match by !="));
  EXPECT_THAT(imported->other_chains, testing::ElementsAre("filter/forward"));
}

TEST(FirewallImport, IptablesWithModulesAndJumps) {
  const auto imported = import_firewall(corpus("iptables/save"), "");
  ASSERT_TRUE(imported) << imported.error().what;
  EXPECT_EQ(imported->firewall.policy, FirewallAction::kDrop);
  EXPECT_EQ(lines_of(*imported),
            "accept established\n"
            "accept 10.1.0.0/16 -> port 1883 tcp (phones \"and\" tablets)\n"
            "accept 172.16.0.0/12 -> port 80, 443, 8000-8099 tcp\n"
            "accept port 53 udp\n"
            "accept 198.51.100.1/32, 198.51.100.2/31, 198.51.100.4/31, 198.51.100.6/32\n"
            "reject -> port 22 tcp\n");
  EXPECT_EQ(imported->left_out.size(), 3U);
}

TEST(FirewallImport, AnotherChainByNameOrHook) {
  EXPECT_EQ(import_firewall(corpus("iptables/save"), "forward")->firewall.name, "FORWARD");
  EXPECT_EQ(import_firewall(corpus("nftables/ruleset.json"), "filter/forward")->firewall.name,
            "filter/forward");
  const auto none = import_firewall(corpus("iptables/save"), "nat");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().hint, "choose one with --chain: FORWARD, INPUT, OUTPUT, web");
}

TEST(FirewallImport, WhatIsNoRulesetIsAnError) {
  for (const auto* text :
       {"", "hello", "{", "{}", "{\"nftables\": 3}", "[[[[", "-A INPUT -j ACCEPT"}) {
    EXPECT_FALSE(import_firewall(text, "")) << text;
  }
  EXPECT_FALSE(import_firewall("{\"a\":" + std::string(100'000, '[') + "", ""));
}

TEST(FirewallImport, ChainsThatJumpInACircleAreAnError) {
  const auto circle = import_firewall(corpus("nftables/circle.json"), "");
  ASSERT_FALSE(circle);
  EXPECT_EQ(circle.error().hint, "do the chains jump in a circle?");
}

TEST(FirewallImport, AnEmptySetMatchesNothingAndNotAll) {
  const auto imported = import_firewall(
      R"({"nftables":[{"chain":{"table":"t","name":"c","type":"filter","hook":"input"}},
      {"rule":{"table":"t","chain":"c","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},
      "right":"@none"}},{"accept":null}]}}]})",
      "");
  ASSERT_TRUE(imported);
  EXPECT_TRUE(imported->firewall.rules.empty());
  EXPECT_EQ(imported->left_out.size(), 1U);
}

TEST(FirewallImport, RangesBecomeTheFewestPrefixes) {
  const auto texts = [](const char* first, const char* last) {
    std::vector<std::string> list;
    for (const auto& prefix : prefixes_of(*IpAddress::parse(first), *IpAddress::parse(last))) {
      list.push_back(to_text(prefix));
    }
    return list;
  };
  EXPECT_THAT(texts("10.0.0.0", "10.0.0.255"), testing::ElementsAre("10.0.0.0/24"));
  EXPECT_THAT(texts("10.0.0.1", "10.0.0.1"), testing::ElementsAre("10.0.0.1/32"));
  EXPECT_THAT(texts("10.0.0.1", "10.0.0.4"),
              testing::ElementsAre("10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/32"));
  EXPECT_THAT(texts("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").size(), testing::Le(2U));
}

TEST(FlowRecord, WrittenAndReadAgain) {
  FlowFacts flow;
  flow.listener = "chat";
  flow.carrier = Carrier::kDatagram;
  flow.client = IpAddress::parse("2001:db8::1");
  flow.client_port = 5000;
  flow.destination = IpAddress::parse("192.0.2.1");
  flow.destination_port = 53;
  const auto again = read_flow(write_flow(flow, "2026-01-01T00:00:00Z"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->listener, "chat");
  EXPECT_EQ(again->carrier, Carrier::kDatagram);
  EXPECT_EQ(again->client, flow.client);
  EXPECT_EQ(again->client_port, 5000);
  EXPECT_EQ(again->destination_port, 53);
}

TEST(FlowRecord, WhatIsNoFlowIsAnError) {
  for (const auto* line : {"", "[]", "{}", R"({"client":"nobody"})", R"({"client":5})",
                           R"({"client":"10.0.0.1","protocol":"icmp"})"}) {
    EXPECT_FALSE(read_flow(line)) << line;
  }
}

}  // namespace
}  // namespace brownout::codecs
