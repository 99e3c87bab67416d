// Tests the import of firewall rulesets, real ones (in tests/fuzz/corpus) and invalid ones.
#include "proxy/formats/firewall_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/formats/flow_record.h"
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

// An IPv4 table does not filter IPv6 packets, so the import adds a line that accepts them first.
const std::string kIpv6Passes = "accept ipv6 (the imported table does not filter IPv6)\n";

TEST(FirewallImport, ReadsNftablesWithSetsRangesJumpsAndStates) {
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
      "drop 0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6, 16.0.0.0/4, 32.0.0.0/3, 64.0.0.0/2, "
      "128.0.0.0/1 -> port 123 udp\n"
      "accept 172.16.0.0/12 -> port 80, 443, 8000-8099 tcp (web)\n");
  std::vector<std::string> why;
  for (const auto& line : imported->left_out) why.push_back(line.why);
  EXPECT_THAT(why, testing::ElementsAre("Brownout proxies no packets of the state \"invalid\"",
                                        "a match on {\"meta\":{\"key\":\"iifname\"}}",
                                        "Brownout proxies no packets of the protocol \"icmp\"",
                                        "limit has no counterpart in a [[firewall]]"));
  EXPECT_THAT(imported->other_chains, testing::ElementsAre("filter/forward"));
}

TEST(FirewallImport, ReadsIptablesWithModulesAndJumps) {
  const auto imported = import_firewall(corpus("iptables/save"), "");
  ASSERT_TRUE(imported) << imported.error().what;
  EXPECT_EQ(imported->firewall.policy, FirewallAction::kDrop);
  EXPECT_EQ(
      lines_of(*imported),
      kIpv6Passes +
          "accept established\n"
          "accept 10.1.0.0/16 -> port 1883 tcp (phones \"and\" tablets)\n"
          "accept 172.16.0.0/12 -> port 80, 443, 8000-8099 tcp\n"
          "accept port 53 udp\n"
          "drop 0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6, 16.0.0.0/4, 32.0.0.0/3, 64.0.0.0/2, "
          "128.0.0.0/1 udp\n"
          "accept 198.51.100.1/32, 198.51.100.2/31, 198.51.100.4/31, 198.51.100.6/32\n"
          "reject -> port 22 tcp\n");
  EXPECT_EQ(imported->left_out.size(), 2U);
}

// Packets from 10.1.0.0/16 go to `office` by goto. They do not return to `zones`, but continue
// after the jump to `zones`. Packets from 10.2.0.0/16 return to `zones`.
TEST(FirewallImport, GotoAndReturnContinueAfterTheLastJump) {
  const auto imported = import_firewall(corpus("nftables/families.json"), "");
  ASSERT_TRUE(imported) << imported.error().what;
  EXPECT_EQ(imported->firewall.name, "ip filter/INPUT");
  EXPECT_EQ(imported->firewall.policy, FirewallAction::kDrop);
  EXPECT_EQ(lines_of(*imported), kIpv6Passes +
                                     "accept established\n"
                                     "accept 192.0.2.1/32, 192.0.2.2/32\n"
                                     "accept 10.1.0.0/16 -> port 443 tcp\n"
                                     "accept 10.1.0.0/16 -> port 22 tcp\n"
                                     "drop 10.1.0.0/16 (the policy)\n"
                                     "accept 10.2.0.0/16 -> port 22 tcp\n"
                                     "drop 10.2.0.0/16 (the policy)\n"
                                     "drop\n");
  ASSERT_EQ(imported->left_out.size(), 1U)
      << "a rule that can never match is not listed as left out";
  EXPECT_EQ(imported->left_out.front().why, R"(a match on {"meta":{"key":"iifname"}})");
}

TEST(FirewallImport, IptablesGotoContinuesAfterTheLastJump) {
  const auto imported = import_firewall(corpus("iptables/goto"), "");
  ASSERT_TRUE(imported) << imported.error().what;
  EXPECT_EQ(lines_of(*imported), kIpv6Passes +
                                     "accept established\n"
                                     "accept 10.1.0.0/16 -> port 80 tcp\n"
                                     "reject 10.1.9.0/24 tcp\n"
                                     "accept 10.1.9.0/24 (the policy)\n"
                                     "drop 10.1.0.0/16 udp\n"
                                     "reject 10.1.0.0/16 tcp\n"
                                     "accept 10.1.0.0/16 (the policy)\n"
                                     "reject 10.2.0.0/16 tcp\n"
                                     "accept 10.2.0.0/16 (the policy)\n"
                                     "drop\n");
  EXPECT_TRUE(imported->left_out.empty());
}

TEST(FirewallImport, TablesWithOneNameInTwoFamiliesStaySeparate) {
  const auto ip6 = import_firewall(corpus("nftables/families.json"), "ip6 filter/INPUT");
  ASSERT_TRUE(ip6) << ip6.error().what;
  EXPECT_EQ(ip6->firewall.policy, FirewallAction::kAccept);
  EXPECT_EQ(lines_of(*ip6),
            "accept ipv4 (the imported table does not filter IPv4)\n"
            "drop 2001:db8::1/128\n");
  EXPECT_THAT(ip6->other_chains, testing::ElementsAre("ip filter/INPUT"));
  EXPECT_EQ(import_firewall(corpus("nftables/families.json"), "filter/INPUT")->firewall.name,
            "ip filter/INPUT");

  const auto saved = import_firewall(corpus("iptables/goto"), "ip6 INPUT");
  ASSERT_TRUE(saved) << saved.error().what;
  EXPECT_EQ(saved->firewall.policy, FirewallAction::kDrop);
  EXPECT_EQ(lines_of(*saved),
            "accept ipv4 (the imported table does not filter IPv4)\n"
            "accept -> port 5222 tcp\n");
}

// Each condition doubles the number of imported lines.
TEST(FirewallImport, RefusesRulesetsThatExpandTooFar) {
  std::string text = "*filter\n:INPUT DROP\n";
  for (int i = 0; i < 64; ++i) {
    const auto chain = "c" + std::to_string(i);
    text += ":" + chain + " -\n-A INPUT -j " + chain + "\n-A " + chain + " -s 10.0.0." +
            std::to_string(i) + " -j RETURN\n-A " + chain + " -p tcp --dport " +
            std::to_string(1 + i) + " -j RETURN\n-A " + chain + " -d 10.1.0." + std::to_string(i) +
            " -j ACCEPT\n";
  }
  const auto imported = import_firewall(text, "");
  ASSERT_FALSE(imported);
  EXPECT_THAT(imported.error().what, testing::HasSubstr("too many lines"));
}

TEST(FirewallImport, SelectsAChainByNameOrHook) {
  EXPECT_EQ(import_firewall(corpus("iptables/save"), "forward")->firewall.name, "FORWARD");
  EXPECT_EQ(import_firewall(corpus("nftables/ruleset.json"), "filter/forward")->firewall.name,
            "filter/forward");
  const auto none = import_firewall(corpus("iptables/save"), "nat");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().hint, "choose one with --chain: FORWARD, INPUT, OUTPUT, web");
}

TEST(FirewallImport, RefusesTextThatIsNoRuleset) {
  for (const auto* text :
       {"", "hello", "{", "{}", "{\"nftables\": 3}", "[[[[", "-A INPUT -j ACCEPT"}) {
    EXPECT_FALSE(import_firewall(text, "")) << text;
  }
  EXPECT_FALSE(import_firewall("{\"a\":" + std::string(100'000, '[') + "", ""));
}

TEST(FirewallImport, RefusesChainsThatJumpInACircle) {
  const auto circle = import_firewall(corpus("nftables/circle.json"), "");
  ASSERT_FALSE(circle);
  EXPECT_EQ(circle.error().hint,
            "check whether chains jump to each other in a circle, or import another chain");
}

// Imports a table for IPv4 and IPv6 with the given rules. Returns the lines, and "left out: ..."
// for rules that were not imported.
std::string nft_rules(const std::vector<std::string>& rules, const std::string& more = "",
                      const std::string& family = "inet") {
  const auto of_table = [&](const std::string& kind, const std::string& members) {
    return "{\"" + kind + "\":{\"family\":\"" + family + "\",\"table\":\"t\"," + members + "}}";
  };
  auto text = "{\"nftables\":[" +
              of_table("chain", R"("name":"c","type":"filter","hook":"input","policy":"accept")") +
              "," + of_table("chain", R"("name":"web")") +
              (more.empty() ? "" : "," + of_table(more.substr(0, 3), more.substr(3)));
  for (const auto& rule : rules) text += "," + of_table("rule", "\"chain\":\"c\",\"expr\":" + rule);
  text += "," + of_table("rule", R"("chain":"web","expr":[{"reject":null}])") + "]}";
  const auto imported = import_firewall(text, "");
  if (!imported) return imported.error().what;
  auto said = lines_of(*imported);
  for (const auto& rule : imported->left_out) said += "left out: " + rule.why + "\n";
  return said;
}
std::string nft_match(const std::string& left, const std::string& op, const std::string& right) {
  return "{\"match\":{\"op\":\"" + op + "\",\"left\":" + left + ",\"right\":" + right + "}}";
}
std::string nft_accept(const std::string& left, const std::string& op, const std::string& right) {
  return nft_rules({"[" + nft_match(left, op, right) + ",{\"accept\":null}]"});
}
constexpr auto kFamily = R"({"meta":{"key":"nfproto"}})";
constexpr auto kFrame = R"({"meta":{"key":"protocol"}})";
constexpr auto kProtocol = R"({"meta":{"key":"l4proto"}})";
constexpr auto kState = R"({"ct":{"key":"state"}})";
constexpr auto kSource = R"({"payload":{"protocol":"ip","field":"saddr"}})";
constexpr auto kSource6 = R"({"payload":{"protocol":"ip6","field":"saddr"}})";
constexpr auto kPort = R"({"payload":{"protocol":"tcp","field":"dport"}})";

TEST(FirewallImport, ReadsConditionsOnTheFamily) {
  EXPECT_EQ(nft_accept(kFamily, "==", "\"ipv6\""), "accept ipv6\n");
  EXPECT_EQ(nft_accept(kFamily, "==", "\"ipv4\""), "accept ipv4\n");
  EXPECT_EQ(nft_accept(kFamily, "!=", "\"ipv6\""), "accept ipv4\n");
  EXPECT_EQ(nft_accept(kFrame, "==", "\"ip6\""), "accept ipv6\n");
  EXPECT_EQ(nft_accept(kFrame, "==", "\"arp\""),
            "left out: Brownout proxies no packets of the family \"arp\"\n");
  EXPECT_EQ(nft_accept(kFamily, "==", R"({"set":["ipv4","ipv6"]})"), "accept\n");
  EXPECT_EQ(nft_accept(R"({"payload":{"protocol":"ip6","field":"nexthdr"}})", "==", "\"tcp\""),
            "accept ipv6 tcp\n");
  // "::/0" contains the IPv4-mapped addresses.
  EXPECT_EQ(nft_accept(kSource6, "==", R"({"prefix":{"addr":"::","len":0}})"),
            "accept ::/0 ipv6\n");
  EXPECT_EQ(nft_accept(kSource6, "==", "\"2001:db8::1\""), "accept 2001:db8::1/128\n");
  const auto v6 = nft_match(kFamily, "==", "\"ipv6\"");
  EXPECT_EQ(nft_rules({"[" + v6 + "," + nft_match(kSource, "==", "\"10.0.0.1\"") +
                       ",{\"accept\":null}]"}),
            "");
  EXPECT_EQ(nft_rules({"[" + v6 + "," + nft_match(kSource6, "==", "\"2001:db8::1\"") +
                       ",{\"accept\":null}]"}),
            "accept 2001:db8::1/128\n");
  EXPECT_EQ(nft_rules({R"([{"reject":{"type":"icmpv6","expr":"port-unreachable"}}])",
                       R"([{"reject":{"type":"icmp","expr":"port-unreachable"}}])"}),
            "reject ipv6\nreject ipv4\n");
}

TEST(FirewallImport, ANegationBecomesAllOtherValues) {
  EXPECT_EQ(nft_accept(kSource, "!=", R"({"prefix":{"addr":"128.0.0.0","len":1}})"),
            "accept 0.0.0.0/1\n");
  EXPECT_EQ(nft_accept(kSource, "!=", R"({"set":[{"prefix":{"addr":"0.0.0.0","len":1}},
            {"range":["192.0.0.0","255.255.255.255"]}]})"),
            "accept 128.0.0.0/2\n");
  EXPECT_EQ(nft_accept(kSource, "!=", R"({"prefix":{"addr":"0.0.0.0","len":0}})"), "");
  EXPECT_EQ(nft_accept(kSource6, "!=", R"({"prefix":{"addr":"8000::","len":1}})"),
            "accept ::/1 ipv6\n");
  EXPECT_EQ(nft_accept(kPort, "!=", "22"), "accept -> port 0-21, 23-65535 tcp\n");
  EXPECT_EQ(nft_accept(kPort, "!=", R"({"set":[{"range":[0,79]},443,{"range":[80,90]}]})"),
            "accept -> port 91-442, 444-65535 tcp\n");
  EXPECT_EQ(nft_accept(kPort, "!=", R"({"range":[0,65535]})"), "");
  EXPECT_EQ(nft_accept(kProtocol, "!=", "\"tcp\""), "accept udp\n");
  EXPECT_EQ(nft_accept(kProtocol, "!=", "\"icmp\""), "accept\n");
  EXPECT_EQ(nft_accept(kProtocol, "!=", R"({"set":["tcp","udp"]})"), "");
  EXPECT_EQ(nft_accept(kState, "!=", "\"established\""), "accept new\n");
  EXPECT_EQ(nft_accept(kState, "!=", "\"invalid\""), "accept\n");
  EXPECT_EQ(nft_accept(kState, "!=", R"({"set":["established","new"]})"), "");
  // Connection states are bits. No packet has the states established and related at the same time.
  EXPECT_EQ(nft_accept(kState, "!=", R"({"|":["established","related"]})"),
            "left out: ct state {\"|\":[\"established\",\"related\"]}\n");
  EXPECT_EQ(
      nft_accept(kSource, "!=", R"({"set":["0.0.0.0",{"range":["0.0.0.2","255.255.255.255"]}]})"),
      "accept 0.0.0.1/32\n");
  // The set has 8,192 addresses with gaps between them.
  std::string all;
  for (int i = 0; i < 8192; ++i) {
    all += (i > 0 ? ",\"10." : "\"10.") + std::to_string(i / 256) + "." + std::to_string(i % 256) +
           ".1\"";
  }
  EXPECT_THAT(
      nft_accept(kSource, "!=", "{\"set\":[" + all + "]}"),
      testing::HasSubstr("left out: the negated list of networks would need more than 4096"));
}

TEST(FirewallImport, TcpFlagsCanSelectAConnectionsFirstPacket) {
  const std::string flags = R"({"payload":{"protocol":"tcp","field":"flags"}})";
  const auto masked = [&](const std::string& mask) {
    return "{\"&\":[" + flags + "," + mask + "]}";
  };
  const auto usual = masked(R"(["fin","syn","rst","ack"])");
  EXPECT_EQ(nft_accept(usual, "==", "\"syn\""), "accept tcp new\n");
  EXPECT_EQ(nft_accept(usual, "!=", "\"syn\""), "accept tcp established\n");
  EXPECT_EQ(
      nft_accept(masked(R"({"|":[{"|":[{"|":["fin","syn"]},"rst"]},"ack"]})"), "==", "\"syn\""),
      "accept tcp new\n");
  for (const auto& left : {flags, masked("\"syn\""), masked(R"(["fin","syn","rst"])")}) {
    EXPECT_THAT(nft_accept(left, "==", "\"syn\""), testing::HasSubstr("left out: "));
  }
  EXPECT_THAT(nft_accept(usual, "==", "\"ack\""), testing::HasSubstr("left out: "));
}

TEST(FirewallImport, AVerdictMapBecomesARuleForEachElement) {
  const auto vmap = [](const std::string& key, const std::string& data) {
    return "[{\"vmap\":{\"key\":" + key + ",\"data\":" + data + "}}]";
  };
  EXPECT_EQ(nft_rules({vmap(kState, R"({"set":[["invalid",{"drop":null}],
            ["established",{"accept":null}],["related",{"accept":null}]]})")}),
            "accept established\n");
  EXPECT_EQ(nft_rules({vmap(kPort, "\"@ports\"")}, R"(map"name":"ports","map":"verdict","elem":
            [[22,{"drop":null}],[{"elem":{"val":80,"counter":{}}},{"jump":{"target":"web"}}]])"),
            "drop -> port 22 tcp\nreject -> port 80 tcp\n");
  EXPECT_EQ(nft_rules({vmap(kPort, "\"@none\"")}),
            "left out: it uses a set or map that is empty or missing in the ruleset\n");
  EXPECT_EQ(nft_rules({vmap(kState, R"({"set":[["invalid",{"drop":null}]]})")}),
            "left out: Brownout proxies no packets of the state \"invalid\"\n");
  // A rule with several problems is left out as a whole, and reported once.
  EXPECT_EQ(nft_rules({vmap(R"({"meta":{"key":"iifname"}})",
                            R"({"set":[["lo",{"accept":null}],["eth0",{"drop":null}]]})")}),
            "left out: a match on {\"meta\":{\"key\":\"iifname\"}}\n");
  for (const auto* broken : {"3", "{}", R"({"key":3})", R"({"key":3,"data":{"set":[3]}})",
                             R"({"key":{"concat":[]},"data":{"set":[[[],[]]]}})"}) {
    EXPECT_THAT(nft_rules({"[{\"vmap\":" + std::string(broken) + "}]"}),
                testing::HasSubstr("left out: "));
  }
}

TEST(FirewallImport, ASetOfPairsBecomesARuleForEachPair) {
  const auto pair = "{\"concat\":[" + std::string(kSource) + "," + kPort + "]}";
  EXPECT_EQ(nft_accept(pair, "==", R"({"set":[{"concat":["10.0.0.1",22]},
            {"concat":[{"prefix":{"addr":"10.1.0.0","len":16}},{"range":[80,90]}]}]})"),
            "accept 10.0.0.1/32 -> port 22 tcp\naccept 10.1.0.0/16 -> port 80-90 tcp\n");
  EXPECT_EQ(nft_rules({"[" + nft_match(pair, "==", "\"@pairs\"") + ",{\"drop\":null}]"},
                      R"(set"name":"pairs","elem":[{"elem":{"val":{"concat":["10.0.0.1",22]}}}])"),
            "drop 10.0.0.1/32 -> port 22 tcp\n");
  EXPECT_THAT(nft_accept(pair, "==", R"({"set":[{"concat":["10.0.0.1"]}]})"),
              testing::HasSubstr("left out: an element "));
  EXPECT_THAT(nft_accept(pair, "!=", R"({"set":[{"concat":["10.0.0.1",22]}]})"),
              testing::HasSubstr("left out: a match on "));
  // The elements of several sets in one rule multiply the number of lines.
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many +=
        (i > 0 ? "," : "") + std::string("{\"concat\":[\"10.0.0.") + std::to_string(i) + "\",22]}";
  }
  const auto match = nft_match(pair, "==", "{\"set\":[" + many + "]}");
  EXPECT_EQ(nft_rules({"[" + match + "," + match + "," + match + ",{\"accept\":null}]"}),
            "left out: its sets and maps expand to more than 20000 rules\n");
}

TEST(FirewallImport, IptablesNegationsBecomeAllOtherValues) {
  const auto lines = [](const std::string& rule) {
    const auto imported =
        import_firewall("*filter\n:INPUT ACCEPT\n-A INPUT " + rule + " -j DROP\nCOMMIT\n", "");
    if (!imported) return imported.error().what;
    auto said = lines_of(*imported);
    for (const auto& left : imported->left_out) said += "left out: " + left.why + "\n";
    return said;
  };
  EXPECT_EQ(lines("! -s 128.0.0.0/1"), "drop 0.0.0.0/1\n");
  EXPECT_EQ(lines("-m iprange ! --dst-range 0.0.0.0-127.255.255.255"), "drop -> 128.0.0.0/1\n");
  EXPECT_EQ(lines("-p tcp -m tcp ! --dport 22"), "drop -> port 0-21, 23-65535 tcp\n");
  EXPECT_EQ(lines("-p udp -m multiport ! --sports 1:65535"), "drop port 0 udp\n");
  EXPECT_EQ(lines("! -p tcp"), "drop udp\n");
  EXPECT_EQ(lines("! -p icmp"), "drop\n");
  EXPECT_EQ(lines("-m conntrack ! --ctstate NEW"), "drop established\n");
  EXPECT_EQ(lines("-m conntrack ! --ctstate INVALID"), "drop\n");
  EXPECT_EQ(lines("-m conntrack ! --ctstate NEW,ESTABLISHED"), "");
  EXPECT_EQ(lines("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"), "drop tcp new\n");
  EXPECT_EQ(lines("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"), "drop tcp established\n");
  EXPECT_THAT(lines("-p tcp -m tcp --tcp-flags SYN SYN"), testing::HasSubstr("left out: "));
  EXPECT_EQ(lines("! -i lo"), "left out: a [[firewall]] cannot express a negated -i\n");
  EXPECT_EQ(lines("! --dport nonsense"), "left out: --dport\n");
}

TEST(FirewallImport, AMissingSetDoesNotMatchEverything) {
  const auto imported = import_firewall(
      R"({"nftables":[{"chain":{"table":"t","name":"c","type":"filter","hook":"input"}},
      {"rule":{"table":"t","chain":"c","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},
      "right":"@none"}},{"accept":null}]}}]})",
      "");
  ASSERT_TRUE(imported);
  EXPECT_TRUE(imported->firewall.rules.empty());
  EXPECT_EQ(imported->left_out.size(), 1U);
}

TEST(FirewallImport, ARangeBecomesTheFewestPrefixes) {
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

TEST(FlowRecord, AWrittenFlowCanBeReadAgain) {
  FlowFacts flow;
  flow.listener = "chat";
  flow.carrier = Carrier::kDatagram;
  flow.client = IpAddress::parse("2001:db8::1");
  flow.client_port = 5000;
  flow.destination = IpAddress::parse("192.0.2.1");
  flow.destination_port = 53;
  const auto again = read_flow(write_flow(flow, "2026-01-01T00:00:00Z", FlowOutcome::kServed));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->listener, "chat");
  EXPECT_EQ(again->carrier, Carrier::kDatagram);
  EXPECT_EQ(again->client, flow.client);
  EXPECT_EQ(again->client_port, 5000);
  EXPECT_EQ(again->destination_port, 53);
  EXPECT_THAT(write_flow(flow, "", FlowOutcome::kServed),
              testing::Not(testing::HasSubstr("stopped")));
  EXPECT_THAT(write_flow(flow, "", FlowOutcome::kStopped), testing::HasSubstr(R"("stopped":true)"));
}

TEST(FlowRecord, RefusesLinesThatAreNoFlow) {
  for (const auto* line : {"", "[]", "{}", R"({"client":"nobody"})", R"({"client":5})",
                           R"({"client":"10.0.0.1","protocol":"icmp"})"}) {
    EXPECT_FALSE(read_flow(line)) << line;
  }
}

}  // namespace
}  // namespace brownout::codecs
