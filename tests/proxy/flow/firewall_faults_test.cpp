// Tests firewall rules over real sockets, also on open connections: with drop the client gets no
// answer, with reject it is refused.
#include <gtest/gtest.h>

#include "tests/support/dns_world.h"
#include "tests/support/udp_world.h"

namespace brownout::test {
namespace {

constexpr const char* kOpen =
    "[[firewall]]\nname = \"f\"\npolicy = \"drop\"\nrules = [{ action = \"accept\", source = "
    "\"127.0.0.0/8\" }]\n";

std::string mistake(const std::string& fault) {
  return kOpen + ("[[rule]]\nfault = { type = " + fault + " }");
}

bool echoes(const Fd& client) { return round_trip(client, "hello") > 0ns; }

// Whether a rule makes a connect hang, until the rule is removed.
bool hangs(ProxyWorld& world) {
  Connecting connecting(world.endpoint());
  if (connecting.done(kAnswered)) return false;
  world.reload(kOpen);
  const auto client = connecting.finish();
  return client && echoes(client);
}
bool hangs(const std::string& rules) {
  ProxyWorld world(rules);
  return hangs(world);
}

TEST(FirewallOverSockets, AcceptServesDropHangsAndRejectResets) {
  EXPECT_TRUE(echoes(ProxyWorld(kOpen).connect()));
  EXPECT_TRUE(hangs("[[firewall]]\nname = \"f\"\npolicy = \"drop\""));
  const ProxyWorld rejecting("[[firewall]]\nname = \"f\"\npolicy = \"reject\"");
  EXPECT_EQ(receive(rejecting.connect()).ending, Ending::kReset);
}

TEST(FirewallOverSockets, FailsOverAtOnceFromARejectedServer) {
  const proxy::EchoServer second;
  const TestServer first;
  const ProxyWorld world("[[firewall]]\nname = \"f\"\nrules = [{ action = \"reject\", port = " +
                             std::to_string(first.endpoint().port) + " }]",
                         {.servers = first.address() + ", \"" + to_text(second.endpoint()) + "\""});
  EXPECT_TRUE(echoes(world.connect()));
}

TEST(FirewallOverSockets, FailsOverFromADroppedServerAfterConnectTimeout) {
  const proxy::EchoServer second;
  const TestServer first;
  const ProxyWorld world("[[firewall]]\nname = \"f\"\nrules = [{ action = \"drop\", port = " +
                             std::to_string(first.endpoint().port) + " }]",
                         {.servers = first.address() + ", \"" + to_text(second.endpoint()) + "\"",
                          .upstream = "connect_timeout = \"100ms\""});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(echoes(world.connect()));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
}

TEST(FirewallOverSockets, ServesADroppedUdpClientOnceTheRuleIsGone) {
  UdpWorld world("[[firewall]]\nname = \"f\"\npolicy = \"drop\"");
  for (int i = 0; i < 3; ++i) send_all(world.client, "lost");
  EXPECT_TRUE(eventually([&] { return world.proxy.injected() > 0; }));
  world.proxy.reload(kOpen);
  std::string first;
  EXPECT_TRUE(eventually([&] {
    send_all(world.client, "later");
    first = receive(world.client, 5, 100ms).bytes;
    return !first.empty();
  }));
  EXPECT_EQ(first, "later");
}

TEST(FirewallOverSockets, DropsDnsQueriesOverUdp) {
  DnsWorld world("[[firewall]]\nname = \"f\"\nrules = [{ action = \"drop\", protocol = \"udp\" }]");
  EXPECT_EQ(world.ask_tcp("chat.example.org"), kChatAnswer);
  EXPECT_TRUE(world.loses_udp());
}

TEST(FaultsOverSockets, rule_order) { EXPECT_TRUE(hangs(mistake("\"rule_order\""))); }

TEST(FaultsOverSockets, wrong_prefix) {
  const std::string narrow =
      "[[firewall]]\nname = \"f\"\npolicy = \"reject\"\nrules = [{ action = \"accept\", source = "
      "\"127.0.0.0/16\" }]\n";
  EXPECT_TRUE(echoes(ProxyWorld(narrow).connect()));
  const ProxyWorld world(
      narrow +
      "[[firewall]]\nname = \"g\"\npolicy = \"reject\"\nrules = [{ action = \"accept\", "
      "source = \"127.1.0.0/16\" }]\n[[rule]]\nfault = { type = \"wrong_prefix\", firewall = "
      "\"g\", length = 8 }");
  EXPECT_TRUE(echoes(world.connect()));
}

TEST(FaultsOverSockets, stale_allowlist) {
  EXPECT_TRUE(hangs(mistake("\"stale_allowlist\", address = \"127.0.0.1\"")));
}

TEST(FaultsOverSockets, no_established) {
  ProxyWorld world(
      "[[firewall]]\nname = \"f\"\npolicy = \"drop\"\nrules = [{ action = \"accept\", port = "
      "\"1-65535\", state = \"new\" }]\n");
  const auto client = world.connect();
  EXPECT_TRUE(echoes(client));
  world.reload(
      "[[firewall]]\nname = \"f\"\npolicy = \"drop\"\nrules = [{ action = \"accept\", port = "
      "\"1-65535\", state = \"new\" }]\n"
      "[[rule]]\nfault = { type = \"no_established\" }");
  send_all(client, "hello");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 5));
  world.reload(kOpen);
  EXPECT_EQ(receive(client, 5).bytes, "hello");
}

TEST(FaultsOverSockets, port_block) {
  ProxyWorld world(kOpen);
  const auto client = world.connect();
  EXPECT_TRUE(echoes(client));
  world.reload(mistake("\"port_block\", port = " + std::to_string(world.server().endpoint().port)));
  send_all(client, "hello");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 5));
  EXPECT_TRUE(hangs(world));
}

TEST(FaultsOverSockets, flush_state) {
  ProxyWorld world("");
  const auto client = world.connect();
  EXPECT_TRUE(echoes(client));
  world.reload("[[rule]]\nfault = { type = \"flush_state\" }");
  send_all(client, "hello");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 5));
  EXPECT_TRUE(echoes(world.connect()));
}

TEST(FaultsOverSockets, idle_timeout) {
  ProxyWorld world("[[rule]]\nfault = { type = \"idle_timeout\", after = \"150ms\" }");
  const auto client = world.connect();
  send_all(client, "hello");
  EXPECT_TRUE(eventually([&] { return world.injected() >= 1; }));
  send_all(client, "again");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 5));
}

TEST(FaultsOverSockets, mtu_blackhole) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"mtu_blackhole\", size = "
      "\"1000 B\" }");
  const auto client = world.connect();
  EXPECT_TRUE(echoes(client));
  send_all(client, std::string(1001, 'x'));
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 1001));
}

TEST(FaultsOverSockets, asymmetric) {
  const TestServer server;
  ProxyWorld world("", {.servers = server.address()});
  const auto client = world.connect();
  const auto upstream = server.accept();
  world.reload("[[rule]]\nfault = { type = \"asymmetric\" }");
  EXPECT_FALSE(Connecting(world.endpoint()).done(kAnswered));
  send_all(client, "hello");
  EXPECT_EQ(receive(upstream, 5).bytes, "hello");
  send_all(upstream, "world");
  EXPECT_TRUE(world.holds(rules::Direction::kDownstream, 5));
}

}  // namespace
}  // namespace brownout::test
