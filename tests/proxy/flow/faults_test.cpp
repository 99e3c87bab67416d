// Tests every fault over real sockets: the client sees the effect that the rule describes. Times
// have lower bounds only, because machines may be slow. Tests in virtual time check exact instants.
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/proxy_world.h"
#include "tests/support/udp_world.h"

namespace brownout::test {
namespace {

TEST(FaultsOverSockets, latency) {
  ProxyWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"60ms\" }");
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, "hello"), 120ms);
  EXPECT_EQ(world.injected(), 2U);
}

TEST(FaultsOverSockets, bandwidth) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"bandwidth\", rate = \"1 "
      "MB/s\" }");
  const auto client = world.connect();
  const std::string message(200'000, 'x');
  EXPECT_GE(round_trip(client, message), 200ms);
}

TEST(FaultsOverSockets, loss) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"loss\", loss = \"50%\", "
      "rto = \"20ms\" }");
  const auto client = world.connect();
  std::string message(100'000, 'x');
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>('a' + i % 26);
  EXPECT_GE(round_trip(client, message), 20ms);
  EXPECT_GT(world.injected(), 10U);
}

TEST(FaultsOverSockets, slicer) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"slicer\", size = \"10 "
      "B\", delay = \"5ms\" }");
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, std::string(100, 'x')), 45ms);
}

TEST(FaultsOverSockets, slot) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"slot\", min = "
      "\"20ms\", packets = 1 }");
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, std::string(4000, 'x')), 60ms);
}

TEST(FaultsOverSockets, timeout) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"timeout\", close_after = "
      "\"100ms\" }");
  const auto client = world.connect();
  const auto start = std::chrono::steady_clock::now();
  send_all(client, "hello");
  const auto received = receive(client);
  EXPECT_EQ(received.bytes, "");
  EXPECT_EQ(received.ending, Ending::kFin);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 95ms);
}

TEST(FaultsOverSockets, unplug) {
  ProxyWorld world;
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, "hello"), 0ns);
  world.reload("[[rule]]\nname = \"cable\"\nfault = { type = \"unplug\" }");
  send_all(client, "hello");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 5));
  Connecting connecting(world.endpoint());
  EXPECT_FALSE(connecting.done(kAnswered));
  // The held bytes arrive once the rule is removed, and the next SYN is answered.
  world.reload("");
  EXPECT_EQ(receive(client, 5).bytes, "hello");
  EXPECT_GE(round_trip(connecting.finish(), "hello"), 0ns);
}

TEST(FaultsOverSockets, unplug_forwards_no_reset) {
  const TestServer server;
  ProxyWorld world("", {.servers = server.address()});
  auto client = world.connect();
  const auto upstream = server.accept();
  world.reload("[[rule]]\nfault = { type = \"unplug\" }");
  ASSERT_TRUE(eventually([&] { return world.injected() == 2; }));
  proxy::reset_on_close(client);
  client.reset();
  // The connection to the server stays half-open: the client's reset is not forwarded. The proxy
  // reads the server's byte after the client's reset.
  send_all(upstream, "x");
  EXPECT_TRUE(world.holds(rules::Direction::kDownstream, 1));
  EXPECT_EQ(receive(upstream, 1, 0ms).ending, Ending::kOpen);
  EXPECT_EQ(world.engine().open_flows(), 1);
  world.reload("");
  EXPECT_EQ(receive(upstream, 1).ending, Ending::kReset);
}

TEST(FaultsOverSockets, unplug_ends_when_both_peers_have_closed) {
  const TestServer server;
  ProxyWorld world("", {.servers = server.address()});
  auto client = world.connect();
  auto upstream = server.accept();
  world.reload("[[rule]]\nfault = { type = \"unplug\" }");
  ASSERT_TRUE(eventually([&] { return world.injected() == 2; }));
  // Reset the client's connection. A FIN could be a half-close by a client that still waits for an
  // answer.
  proxy::reset_on_close(client);
  client.reset();
  upstream.reset();
  EXPECT_TRUE(eventually([&] { return world.engine().open_flows() == 0; }));
}

TEST(FaultsOverSockets, reset) {
  ProxyWorld world("[[rule]]\nfault = { type = \"reset\", after_bytes = \"5 B\" }");
  const auto client = world.connect();
  send_all(client, "0123456789");
  EXPECT_EQ(receive(client).ending, Ending::kReset);
}

TEST(FaultsOverSockets, reset_reaches_the_server_too) {
  const TestServer server;
  ProxyWorld world("[[rule]]\nfault = { type = \"reset\", after = \"50ms\" }",
                   {.servers = server.address()});
  const auto client = world.connect();
  const auto upstream = server.accept();
  EXPECT_EQ(receive(client).ending, Ending::kReset);
  EXPECT_EQ(receive(upstream).ending, Ending::kReset);
}

TEST(FaultsOverSockets, slow_close) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"slow_close\", delay = "
      "\"150ms\" }");
  const auto client = world.connect();
  send_all(client, "bye");
  EXPECT_EQ(receive(client, 3).bytes, "bye");
  const auto start = std::chrono::steady_clock::now();
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(receive(client).ending, Ending::kFin);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

TEST(FaultsOverSockets, garbage) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"garbage\", bytes = "
      "\"64 B\" }");
  const auto client = world.connect();
  send_all(client, std::string(64, 'x'));
  const auto received = receive(client);
  EXPECT_EQ(received.bytes.size(), 64U);
  EXPECT_NE(received.bytes, std::string(64, 'x'));
  EXPECT_EQ(received.ending, Ending::kFin);
}

TEST(FaultsOverSockets, limit_data) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"limit_data\", bytes = "
      "\"1000 B\" }");
  const auto client = world.connect();
  send_all(client, std::string(50'000, 'x'));
  const auto received = receive(client);
  EXPECT_EQ(received.bytes.size(), 1000U);
  EXPECT_EQ(received.ending, Ending::kFin) << "a FIN, though more was on its way";
}

TEST(FaultsOverSockets, limit_time) {
  ProxyWorld world(
      "[[rule]]\nfault = { type = \"limit_time\", after = \"150ms\", close = \"rst\" }");
  const auto start = std::chrono::steady_clock::now();
  const auto client = world.connect();
  while (round_trip(client, "tick") >= 0ns) {
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

TEST(FaultsOverSockets, packet_loss) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"packet_loss\", loss_rate "
      "= \"100%\" }");
  const auto client = world.connect();
  send_all(client, "hello");
  EXPECT_TRUE(eventually([&] { return world.injected() == 1; }));
  world.reload("");
  send_all(client, "later");
  EXPECT_EQ(receive(client, 5).bytes, "later");
}

TEST(FaultsOverSockets, corrupt) {
  ProxyWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"corrupt\", chance = "
      "\"100%\", each = \"chunk\" }");
  const auto client = world.connect();
  send_all(client, "hello");
  const auto received = receive(client, 5).bytes;
  EXPECT_EQ(received.size(), 5U);
  EXPECT_NE(received, "hello");
}

TEST(FaultsOverSockets, down) {
  ProxyWorld world;
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, "hello"), 0ns);
  world.reload("[[rule]]\nduration = \"400ms\"\nfault = { type = \"down\" }");
  EXPECT_EQ(receive(client).ending, Ending::kReset);
  EXPECT_TRUE(eventually([&] { return !world.connect(); })) << "the port must refuse";
  EXPECT_TRUE(eventually([&] {
    const auto again = world.connect();
    return again && round_trip(again, "hello") >= 0ns;
  })) << "the port must open again";
}

TEST(FaultsOverSockets, down_without_an_answer) {
  ProxyWorld world;
  const auto open = world.connect();
  EXPECT_GE(round_trip(open, "hello"), 0ns);
  world.reload(fault("\"down\", how = \"drop\", live = \"keep\""));
  Connecting lost(world.endpoint());
  EXPECT_FALSE(lost.done(kAnswered));
  EXPECT_GE(round_trip(open, "hello"), 0ns) << "live = \"keep\"";
  world.reload("");
  EXPECT_GE(round_trip(lost.finish(), "hello"), 0ns);
  world.reload(fault("\"down\", how = \"drop\""));
  EXPECT_EQ(receive(open).ending, Ending::kReset);
}

TEST(FaultsOverSockets, down_without_an_answer_over_udp) {
  UdpWorld world(fault("\"down\", how = \"drop\""));
  send_all(world.client, "hello");
  // A closed port would be reported to the client (ECONNREFUSED).
  EXPECT_EQ(receive(world.client, 1, 100ms).ending, Ending::kOpen);
  world.proxy.reload("");
  EXPECT_TRUE(eventually([&] {
    send_all(world.client, "later");
    return receive(world.client, 5, 100ms).bytes == "later";
  }));
}

TEST(FaultsOverSockets, refuse) {
  ProxyWorld world("[[rule]]\nmatch = { first = 2 }\nfault = { type = \"refuse\" }");
  std::string seen;
  for (int i = 0; i < 4; ++i) seen += round_trip(world.connect(), "hello") >= 0ns ? "." : "R";
  EXPECT_EQ(seen, "RR..");
}

TEST(FaultsOverSockets, syn_loss) {
  ProxyWorld world("", {.workers = 2});
  const auto open = world.connect();
  EXPECT_GE(round_trip(open, "hello"), 0ns);
  world.reload(fault("\"syn_loss\"", "client = \"127.0.0.2\""));
  Connecting lost(world.endpoint(), "127.0.0.2");
  EXPECT_FALSE(lost.done(kAnswered));
  EXPECT_TRUE(Connecting(world.endpoint(), "127.0.0.3").done(kAnswered));
  EXPECT_GE(round_trip(open, "open flows go on"), 0ns);
  world.on_control([&] { world.engine().halt(); });
  const auto late = lost.finish();
  EXPECT_GE(round_trip(late, "after the next retransmission"), 0ns);
  EXPECT_GE(world.injected(), 1U);
}

TEST(FaultsOverSockets, syn_loss_begins_and_ends_with_its_schedule) {
  ProxyWorld world("[[rule]]\nstart = \"1h\"\nfault = { type = \"syn_loss\" }");
  EXPECT_TRUE(Connecting(world.endpoint()).done(kAnswered));
  world.reload("[[rule]]\nduration = \"500ms\"\nfault = { type = \"syn_loss\" }");
  Connecting lost(world.endpoint());
  EXPECT_FALSE(lost.done(kAnswered));
  EXPECT_GE(round_trip(lost.finish(), "hello"), 0ns);
}

// With one draw for each SYN, a retransmission is answered sooner or later.
TEST(FaultsOverSockets, syn_loss_can_lose_single_syns) {
  ProxyWorld world(
      "[[rule]]\nprobability = \"50%\"\nper = \"chunk\"\nfault = { type = \"syn_loss\" }");
  std::vector<Connecting> all;
  for (int i = 0; i < 20; ++i) all.emplace_back(world.endpoint());
  int at_once = 0;
  for (const auto& connecting : all) at_once += connecting.done(10ms) ? 1 : 0;
  EXPECT_GT(at_once, 0);
  EXPECT_LT(at_once, 20);
}

// A kernel without filters of SYNs: a rule for a whole listener fills its queues instead.
TEST(FaultsOverSockets, syn_loss_by_full_queues) {
  ProxyWorld world("", {.workers = 2, .filter_syns = false});
  const auto open = world.connect();
  EXPECT_GE(round_trip(open, "hello"), 0ns);
  world.reload(fault("\"syn_loss\""));
  std::vector<Connecting> lost;
  for (int i = 0; i < 10; ++i) lost.emplace_back(world.endpoint());
  for (const auto& connecting : lost) EXPECT_FALSE(connecting.done(kAnswered / 10));
  EXPECT_GE(round_trip(open, "hello"), 0ns);
  world.reload("");
  for (auto& connecting : lost) EXPECT_GE(round_trip(connecting.finish(), "hello"), 0ns);
  const auto arrivals = world.on_control(
      [&] { return world.engine().listeners().front().view->stats->arrivals.load(); });
  EXPECT_EQ(arrivals, 11U) << "the connections that filled the queues are no flows";
}

// A unix socket has no SYN, so the connection is accepted and silent.
TEST(FaultsOverSockets, syn_loss_on_a_unix_socket_is_silence) {
  const auto path = testing::TempDir() + "syn-loss-" + std::to_string(::getpid());
  ProxyWorld world(fault("\"syn_loss\""), {.listen = "unix:" + path});
  const auto client = world.connect();
  send_all(client, "hello");
  ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
  EXPECT_EQ(receive(client, 1, 0ms).ending, Ending::kOpen);
  world.on_control([&] { world.engine().halt(); });
  EXPECT_EQ(receive(client, 5).bytes, "hello");
}

// Without nftables a connection is refused once it is accepted, and a datagram gets no answer.
// tests/e2e/unreachable_test.sh tests the ICMP messages, in networks of its own.
TEST(FaultsOverSockets, unreachable) {
  ProxyWorld world(fault("\"unreachable\"", "client = \"127.0.0.2\""));
  const auto lost = Connecting(world.endpoint(), "127.0.0.2").finish();
  EXPECT_LT(round_trip(lost, "hello"), 0ns);
  EXPECT_GE(round_trip(world.connect(), "hello"), 0ns);
  UdpWorld datagrams("[[rule]]\nfault = { type = \"unreachable\", what = \"port\" }");
  EXPECT_EQ(datagrams.send_and_count(3, 100ms), 0);
}

TEST(FaultsOverSockets, slow_accept) {
  ProxyWorld world("[[rule]]\nfault = { type = \"slow_accept\", delay = \"60ms\" }");
  const auto start = std::chrono::steady_clock::now();
  const auto first = world.connect();
  const auto second = world.connect();
  EXPECT_GE(round_trip(second, "hello"), 0ns);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 120ms);
}

// One connection is being accepted, one more than `backlog` wait, and the other connects hang.
TEST(FaultsOverSockets, slow_accept_fills_the_backlog) {
  ProxyWorld world(fault("\"slow_accept\", delay = \"1h\""), {.listener = "backlog = 1"});
  std::vector<Connecting> all;
  for (int i = 0; i < 8; ++i) {
    all.emplace_back(world.endpoint());
    if (i == 0) {
      ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
    }
  }
  int connected = 0;
  for (const auto& connecting : all) connected += connecting.done(kAnswered / 8) ? 1 : 0;
  EXPECT_EQ(connected, 3);
  world.on_control([&] { world.engine().halt(); });
  for (auto& connecting : all) EXPECT_GE(round_trip(connecting.finish(), "hello"), 0ns);
}

TEST(FaultsOverSockets, connect_delay) {
  ProxyWorld world("[[rule]]\nfault = { type = \"connect_delay\", delay = \"100ms\" }");
  const auto start = std::chrono::steady_clock::now();
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, "hello"), 0ns);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
  // The fault acts once: it delays only the connection to the server.
  EXPECT_EQ(world.injected(), 1U);
}

TEST(FaultsOverSockets, connection_limit) {
  ProxyWorld world("[[rule]]\nfault = { type = \"connection_limit\", max = 1 }");
  auto first = world.connect();
  EXPECT_GE(round_trip(first, "hello"), 0ns);
  EXPECT_LT(round_trip(world.connect(), "hello"), 0ns);
  first.reset();
  EXPECT_TRUE(eventually([&] { return round_trip(world.connect(), "hello") >= 0ns; }));
}

TEST(FaultsOverSockets, drop) {
  UdpWorld world("[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"drop\" }");
  for (int i = 0; i < 20; ++i) send_all(world.client, "dropped");
  EXPECT_TRUE(eventually([&] { return world.proxy.injected() == 20; }));
  world.proxy.reload("");
  send_all(world.client, "later");
  EXPECT_EQ(receive(world.client, 5).bytes, "later");
  EXPECT_EQ(world.send_and_count(20, 10s), 20);
}

TEST(FaultsOverSockets, duplicate) {
  UdpWorld world(
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"duplicate\", share = "
      "\"100%\" }");
  EXPECT_EQ(world.send_and_count(10, 10s, 20), 20);
}

TEST(FaultsOverSockets, reorder) {
  UdpWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"reorder\", share = "
      "\"100%\", gap = 5, delay = \"100ms\" }");
  EXPECT_EQ(world.send_and_count(5, 10s), 5);
  EXPECT_EQ(world.order, "40123");
}

}  // namespace
}  // namespace brownout::test
