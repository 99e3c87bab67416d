// What nftables is told, and what is kept and passed on about intercepted clients.
#include <gtest/gtest.h>

#include "proxy/intercept/gateway.h"
#include "proxy/intercept/passing.h"
#include "proxy/intercept/ruleset.h"
#include "proxy/net/name_memory.h"

namespace brownout::test {
namespace {

using namespace brownout::proxy;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Ruleset, PortsThatAListenerHasStandAheadOfAllOthers) {
  const auto text =
      own_network_ruleset({{.streams = true, .to = 1000},
                           {.streams = true, .datagrams = true, .ports = {{53, 53}}, .to = 1001},
                           {.datagrams = true, .to = 1002}},
                          0x2a);
  const auto some = text.find("tcp dport { 53 } tproxy to :1001 accept");
  const auto all = text.find("meta l4proto tcp tproxy to :1000 accept");
  ASSERT_NE(some, std::string::npos) << text;
  ASSERT_NE(all, std::string::npos) << text;
  EXPECT_LT(some, all);
  EXPECT_LT(text.find("udp dport { 53 } tproxy to :1001"),
            text.find("meta l4proto udp tproxy to :1002"));
  EXPECT_TRUE(contains(text, "meta mark 0x2a accept"));
}

rules::Listener listener(rules::Intercept how, std::uint16_t port,
                         std::vector<rules::PortRange> ports = {}) {
  rules::Listener one;
  one.name = "x";
  one.intercept = how;
  one.listen = {"0.0.0.0", port, ""};
  one.ports = std::move(ports);
  return one;
}

TEST(Ruleset, OfAGatewayEndsByItselfAndLeavesBrownoutAlone) {
  const auto text = gateway_ruleset(
      {listener(rules::Intercept::kRedirect, 1500, {{80, 80}, {8000, 8999}}),
       listener(rules::Intercept::kTproxy, 1501), listener(rules::Intercept::kNone, 7)},
      {.interfaces = {"eth1"},
       .prefixes = {*rules::parse_prefix("10.1.0.0/16"), *rules::parse_prefix("fd00::/8")}},
      600);
  EXPECT_TRUE(text.starts_with(
      "add table inet brownout_intercept\ndelete table inet brownout_intercept\n"));
  EXPECT_TRUE(contains(text, "elements = { ipv4 timeout 600s, ipv6 timeout 600s }"));
  EXPECT_TRUE(
      contains(text, "meta nfproto != @while_alive accept\n    meta mark 0x62726f77 accept"));
  EXPECT_TRUE(contains(text,
                       "iifname { \"eth1\" } ip saddr { 10.1.0.0/16 } tcp dport { 80, 8000-8999 } "
                       "redirect to :1500"));
  EXPECT_TRUE(contains(
      text, "iifname { \"eth1\" } ip6 saddr { fd00::/8 } meta l4proto tcp tproxy ip6 to :1501"));
  EXPECT_FALSE(contains(text, ":7"));
  EXPECT_FALSE(contains(text, "hook output")) << "nobody of this machine is meant";
}

TEST(Ruleset, OfLocalUsersAndCgroups) {
  const auto text = gateway_ruleset({listener(rules::Intercept::kRedirect, 1500)},
                                    {.uids = {1000, 1001}, .cgroups = {"chat.slice/phones"}}, 60);
  EXPECT_TRUE(contains(text, "meta skuid { 1000, 1001 } meta l4proto tcp redirect to :1500"));
  EXPECT_TRUE(contains(
      text, "socket cgroupv2 level 2 \"chat.slice/phones\" meta l4proto tcp redirect to :1500"));
  EXPECT_FALSE(contains(text, "prerouting"));
}

TEST(NameMemory, KnowsTheLastNamesOfAnAddressAndIsBounded) {
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

TEST(Parcel, ArrivesWithItsDescriptorsAndTheEndIsSeen) {
  auto [mine, theirs] = parcel_pair();
  auto [passed, kept] = parcel_pair();
  Parcel parcel{.kind = 3, .value = -7, .text = "hello"};
  parcel.fds.push_back(std::move(passed));
  ASSERT_TRUE(send_parcel(mine, parcel));
  parcel.fds.clear();
  const auto got = receive_parcel(theirs);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->kind, 3U);
  EXPECT_EQ(got->value, -7);
  EXPECT_EQ(got->text, "hello");
  ASSERT_EQ(got->fds.size(), 1U);
  ASSERT_TRUE(send_parcel(got->fds.front(), {.kind = 9}));
  EXPECT_EQ(receive_parcel(kept)->kind, 9U);
  mine.reset();
  EXPECT_FALSE(receive_parcel(theirs));
  EXPECT_FALSE(send_parcel(theirs, {.kind = 1}));
}

}  // namespace
}  // namespace brownout::test
