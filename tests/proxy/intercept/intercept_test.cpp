// Tests transparent interception: the generated nftables rules, the memory of host names, and the
// messages that pass descriptors between processes.
#include <gtest/gtest.h>

#include "proxy/intercept/envelope.h"
#include "proxy/intercept/gateway.h"
#include "proxy/intercept/ruleset.h"
#include "proxy/net/name_memory.h"

namespace brownout::proxy {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Ruleset, RulesForPortsComeBeforeRulesForAllPorts) {
  const auto text =
      own_network_ruleset({{.streams = true, .to = 1000},
                           {.streams = true, .datagrams = true, .ports = {{53, 53}}, .to = 1001},
                           {.datagrams = true, .to = 1002}},
                          0x2a);
  const auto some = text.find("tcp dport { 53 } tproxy to :1001 meta mark set 1001 accept");
  const auto all = text.find("meta l4proto tcp tproxy to :1000 meta mark set 1000 accept");
  ASSERT_NE(some, std::string::npos) << text;
  ASSERT_NE(all, std::string::npos) << text;
  EXPECT_LT(some, all);
  EXPECT_LT(text.find("udp dport { 53 } tproxy to :1001"),
            text.find("meta l4proto udp tproxy to :1002"));
  EXPECT_TRUE(contains(text, "meta mark 0x2a accept"));
}

rules::Listener listener(rules::Intercept how, std::uint16_t port,
                         std::vector<rules::PortRange> ports = {},
                         const std::string& host = "0.0.0.0") {
  rules::Listener made;
  made.name = "x";
  made.intercept = how;
  made.listen = {host, port, ""};
  made.ports = std::move(ports);
  return made;
}

rules::Listener of_datagrams(rules::Listener made) {
  made.protocol = rules::Protocol::kUdp;
  return made;
}

const std::string kBegins = "tcp flags & (fin | syn | rst | ack) == syn ";
using rules::Intercept;

TEST(Ruleset, GatewayRulesExpireAndExemptBrownout) {
  const auto text = gateway_ruleset(
      {listener(Intercept::kRedirect, 1500, {{80, 80}, {8000, 8999}}),
       listener(Intercept::kTproxy, 1501, {}, "::"), listener(Intercept::kNone, 7)},
      {.interfaces = {"eth1"},
       .prefixes = {*rules::parse_prefix("10.1.0.0/16"), *rules::parse_prefix("fd00::/8")}},
      600);
  EXPECT_TRUE(text.starts_with(
      "add table inet brownout_intercept\ndelete table inet brownout_intercept\n"));
  EXPECT_TRUE(contains(text, "elements = { ipv4 timeout 600s, ipv6 timeout 600s }"));
  EXPECT_TRUE(
      contains(text, "meta nfproto != @while_alive accept\n    meta mark 0x62726f77 accept"));
  EXPECT_TRUE(
      contains(text, "iifname { \"eth1\" } ip saddr { 10.1.0.0/16 } tcp dport { 80, 8000-8999 } " +
                         kBegins + "redirect to :1500"));
  EXPECT_TRUE(contains(text, "iifname { \"eth1\" } ip6 saddr { fd00::/8 } meta l4proto tcp " +
                                 kBegins + "tproxy ip6 to :1501"));
  EXPECT_FALSE(contains(text, ":7\n"));
  EXPECT_FALSE(contains(text, "hook output")) << "local processes are not intercepted";
}

TEST(Ruleset, LocalUsersAndCgroupsAreMatchedAtOutput) {
  const auto text = gateway_ruleset({listener(Intercept::kRedirect, 1500)},
                                    {.uids = {1000, 1001}, .cgroups = {"chat.slice/phones"}}, 60);
  EXPECT_TRUE(contains(text, "meta skuid { 1000, 1001 } meta nfproto ipv4 meta l4proto tcp " +
                                 kBegins + "redirect to :1500"));
  EXPECT_TRUE(contains(text,
                       "socket cgroupv2 level 2 \"chat.slice/phones\" meta nfproto ipv4 "
                       "meta l4proto tcp " +
                           kBegins + "redirect to :1500"));
  EXPECT_FALSE(contains(text, "prerouting"));
}

TEST(Ruleset, AFamilyIsDivertedOnlyIfAListenerHasAnAddressOfIt) {
  const InterceptedClients clients{.interfaces = {"eth1"}};
  const auto v4 = gateway_ruleset({listener(Intercept::kRedirect, 1500, {{80, 80}}),
                                   of_datagrams(listener(Intercept::kRedirect, 1501))},
                                  clients, 60);
  EXPECT_TRUE(contains(v4, "meta nfproto ipv4 tcp dport { 80 } " + kBegins + "redirect to :1500"));
  EXPECT_TRUE(contains(v4, "meta nfproto ipv4 meta l4proto udp redirect to :1501"));
  EXPECT_FALSE(contains(v4, "nfproto ipv6"));
  // Each listener serves its own ports and its own address family.
  const auto both = gateway_ruleset({listener(Intercept::kRedirect, 1500, {{80, 80}}),
                                     listener(Intercept::kRedirect, 1501, {{443, 443}}, "::"),
                                     listener(Intercept::kRedirect, 1502)},
                                    clients, 60);
  EXPECT_FALSE(contains(both, "ipv6 tcp dport { 80 }"));
  EXPECT_TRUE(contains(both, "ipv6 tcp dport { 443 } " + kBegins + "redirect to :1501"));
  EXPECT_TRUE(contains(both, "ipv4 tcp dport { 443 } " + kBegins + "redirect to :1501"));
  EXPECT_TRUE(contains(both, "ipv4 meta l4proto tcp " + kBegins + "redirect to :1502"));
}

TEST(Ruleset, TheIpv6WildcardServesIpv4UnlessAnotherListenerDoes) {
  const InterceptedClients clients{.interfaces = {"eth1"}};
  auto v4 = listener(Intercept::kRedirect, 1500, {{80, 80}});
  v4.name = "v4";
  const auto both =
      gateway_ruleset({listener(Intercept::kRedirect, 1501, {{80, 80}}, "::"), v4}, clients, 60);
  EXPECT_TRUE(contains(both, "ipv6 tcp dport { 80 } " + kBegins + "redirect to :1501"));
  EXPECT_LT(both.find("ipv4 tcp dport { 80 } " + kBegins + "redirect to :1500"),
            both.find("ipv4 tcp dport { 80 } " + kBegins + "redirect to :1501"));
  const auto diverted =
      gateway_ruleset({listener(Intercept::kTproxy, 1501, {}, "::")}, clients, 60);
  EXPECT_TRUE(contains(diverted, "tproxy ip to :1501"));
  EXPECT_TRUE(contains(diverted, "tproxy ip6 to :1501"));
  // Both listeners use the same port, so "[::]" is bound for IPv6 only.
  const auto same =
      gateway_ruleset({listener(Intercept::kRedirect, 1500, {{443, 443}}, "::"), v4}, clients, 60);
  EXPECT_FALSE(contains(same, "ipv4 tcp dport { 443 }"));
  EXPECT_FALSE(contains(
      gateway_ruleset({listener(Intercept::kRedirect, 1500, {}, "::1")}, {.uids = {1}}, 60),
      "ipv4 meta"));
}

TEST(Ruleset, RedirectAndTproxyRulesSkipEachOthersPorts) {
  const InterceptedClients clients{.interfaces = {"eth1"}};
  const std::string from = "iifname { \"eth1\" } meta nfproto ";
  const auto chain_of = [](const std::string& text, const std::string& name) {
    const auto begin = text.find("  chain " + name + " {");
    return text.substr(begin, text.find("  }\n", begin) - begin);
  };
  const auto some = gateway_ruleset({listener(Intercept::kRedirect, 1500, {}, "::"),
                                     of_datagrams(listener(Intercept::kRedirect, 1501, {}, "::")),
                                     listener(Intercept::kTproxy, 1502, {{81, 81}}, "::")},
                                    clients, 60);
  const auto redirected = chain_of(some, "remote");
  for (const std::string family : {"ipv4", "ipv6"}) {
    EXPECT_LT(redirected.find(from + family + " tcp dport { 81 } accept"),
              redirected.find(from + family + " meta l4proto tcp " + kBegins + "redirect to :1500"))
        << some;
    EXPECT_TRUE(contains(redirected, from + family + " meta l4proto udp redirect to :1501"));
  }
  EXPECT_FALSE(contains(redirected, "udp dport { 81 }"));
  const auto all = gateway_ruleset(
      {listener(Intercept::kTproxy, 1502), listener(Intercept::kRedirect, 1500, {{80, 80}})},
      clients, 60);
  const auto diverted = chain_of(all, "diverted");
  EXPECT_LT(diverted.find(from + "ipv4 tcp dport { 80 } accept"),
            diverted.find(from + "ipv4 meta l4proto tcp " + kBegins + "tproxy ip to :1502"))
      << all;
  EXPECT_TRUE(contains(chain_of(all, "remote"), "tcp dport { 80 } " + kBegins + "redirect"));
}

TEST(Ruleset, ClientsAreSentToTheListenersOwnAddress) {
  const std::vector listeners{listener(Intercept::kRedirect, 1500, {}, "10.1.0.1"),
                              listener(Intercept::kTproxy, 1501, {}, "fd00::1")};
  const auto remote = gateway_ruleset(listeners, {.interfaces = {"eth1"}}, 60);
  EXPECT_TRUE(contains(remote, "dnat ip to 10.1.0.1:1500"));
  EXPECT_TRUE(contains(remote, "tproxy ip6 to [fd00::1]:1501"));
  const auto local = gateway_ruleset({listener(Intercept::kRedirect, 1500, {}, "127.0.0.1"),
                                      listener(Intercept::kRedirect, 1501, {}, "127.0.0.2")},
                                     {.uids = {1}}, 60);
  EXPECT_TRUE(contains(local, "redirect to :1500"));
  EXPECT_TRUE(contains(local, "dnat ip to 127.0.0.2:1501"));
}

TEST(Ruleset, RemovalKeepsWhatOpenConnectionsNeed) {
  EXPECT_FALSE(contains(gateway_removal(), "chain"));
  const auto redirected = gateway_removal({.ports = {1500}, .redirected = 2});
  EXPECT_TRUE(contains(redirected, "type nat hook prerouting"));
  EXPECT_TRUE(contains(redirected, "elements = { 1500 }"));
  EXPECT_FALSE(contains(redirected, "redirect to"));
  const auto diverted = gateway_removal({.ports = {1500}, .diverted = 1});
  EXPECT_TRUE(contains(diverted, "socket transparent 1"));
  EXPECT_FALSE(contains(diverted, "tproxy"));
  EXPECT_FALSE(contains(diverted, "type nat"));
  // A listener with tproxy replaces the one with redirect.
  const auto renewed =
      gateway_ruleset({listener(Intercept::kTproxy, 1600)}, {.interfaces = {"eth1"}}, 60,
                      {.ports = {1500}, .redirected = 1});
  EXPECT_TRUE(contains(renewed, "type nat hook prerouting"));
  EXPECT_TRUE(contains(renewed, "elements = { 1500, 1600 }"));
}

TEST(NameMemory, KeepsTheLastNamesOfAnAddressAndIsBounded) {
  NameMemory memory;
  const auto address = *rules::IpAddress::parse("192.0.2.1");
  EXPECT_EQ(memory.names_of(address), nullptr);
  for (int i = 0; i < 20; ++i) memory.remember("n" + std::to_string(i) + ".example", address);
  memory.remember("n15.example", address);
  const auto names = memory.names_of(address);
  ASSERT_EQ(names->size(), NameMemory::kMostNames);
  EXPECT_EQ(names->front(), "n15.example");
  EXPECT_EQ((*names)[1], "n19.example");
  for (std::uint32_t i = 0; i < NameMemory::kMostAddresses; ++i) {
    memory.remember("other.example", rules::IpAddress::v4({10, static_cast<std::uint8_t>(i >> 16),
                                                           static_cast<std::uint8_t>(i >> 8),
                                                           static_cast<std::uint8_t>(i)}));
  }
  EXPECT_EQ(memory.names_of(address), nullptr) << "the oldest is forgotten";
}

TEST(NameMemory, FindsTheAddressesOfNamesAndTellsOfNewOnes) {
  NameMemory memory;
  int told = 0;
  memory.on_new_name([&] { ++told; });
  const auto first = *rules::IpAddress::parse("192.0.2.1");
  const auto second = *rules::IpAddress::parse("2001:db8::2");
  memory.remember("a.example", first);
  memory.remember("b.example", first);
  memory.remember("a.example", first);
  memory.remember("a.example", second);
  EXPECT_EQ(told, 3);
  const std::vector patterns{*rules::NamePattern::parse("a.example")};
  EXPECT_EQ(memory.addresses_of(patterns, 9), (std::vector{second, first}));
  EXPECT_EQ(memory.addresses_of(patterns, 1), (std::vector{second}));
  EXPECT_TRUE(memory.addresses_of({*rules::NamePattern::parse("c.example")}, 9).empty());
}

TEST(Envelope, CarriesDescriptorsAndReportsAClosedPeer) {
  auto [mine, theirs] = channel_pair();
  auto [passed, kept] = channel_pair();
  Envelope envelope{.kind = 3, .value = -7, .text = "hello"};
  envelope.fds.push_back(std::move(passed));
  ASSERT_TRUE(send_envelope(mine, envelope));
  envelope.fds.clear();
  const auto got = receive_envelope(theirs);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->kind, 3U);
  EXPECT_EQ(got->value, -7);
  EXPECT_EQ(got->text, "hello");
  ASSERT_EQ(got->fds.size(), 1U);
  ASSERT_TRUE(send_envelope(got->fds.front(), {.kind = 9}));
  EXPECT_EQ(receive_envelope(kept)->kind, 9U);
  mine.reset();
  EXPECT_FALSE(receive_envelope(theirs));
  EXPECT_FALSE(send_envelope(theirs, {.kind = 1}));
}

}  // namespace
}  // namespace brownout::proxy
