// Tests UDP through a real proxy: sessions, datagram boundaries, expiry, limits, failover.
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/temp_folder.h"
#include "tests/support/udp_world.h"

namespace brownout::test {
namespace {

std::int64_t sessions_of(UdpWorld& world) {
  return world.proxy.on_control(
      [&] { return world.proxy.engine().listeners().front().view->stats->open.load(); });
}

TEST(Udp, ForwardsDatagramsUnchangedWithoutRules) {
  UdpWorld world("");
  EXPECT_EQ(world.send_and_count(8, 10s), 8);
  EXPECT_EQ(world.order, "01234567");
}

TEST(Udp, EmptyAndLargeDatagramsKeepTheirBoundaries) {
  UdpWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"1ms\" }");
  for (const std::size_t size : {std::size_t{0}, std::size_t{60'000}, std::size_t{1}}) {
    const std::string sent(size, 'x');
    ASSERT_EQ(::send(world.client.get(), sent.data(), size, 0), static_cast<ssize_t>(size));
    pollfd waiting{world.client.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
    std::string got(65'536, '\0');
    EXPECT_EQ(::recv(world.client.get(), got.data(), got.size(), 0), static_cast<ssize_t>(size));
  }
}

TEST(Udp, EachClientAddressIsASession) {
  UdpWorld world("");
  EXPECT_EQ(world.send_and_count(1, 10s), 1);
  const auto first = std::exchange(world.client, world.connect());
  EXPECT_EQ(world.send_and_count(1, 10s), 1);
  EXPECT_EQ(sessions_of(world), 2);
}

TEST(Udp, EndsAnIdleSession) {
  UdpWorld world("", "idle_timeout = \"100ms\"");
  EXPECT_EQ(world.send_and_count(1, 10s), 1);
  EXPECT_TRUE(eventually([&] { return sessions_of(world) == 0; }));
  EXPECT_EQ(world.send_and_count(1, 10s), 1);
}

TEST(Udp, ClientsBeyondTheLimitAreDroppedAndCounted) {
  UdpWorld world("", "sessions = 1");
  EXPECT_EQ(world.send_and_count(1, 10s), 1);
  const auto first = std::exchange(world.client, world.connect());
  for (int i = 0; i < 3; ++i) send_all(world.client, "dropped");
  EXPECT_TRUE(eventually([&] {
    return world.proxy.on_control(
        [&] { return world.proxy.engine().listeners().front().view->stats->dropped.load() == 3; });
  }));
  EXPECT_EQ(receive(world.client, 1, 0ms).bytes, "");
}

TEST(Udp, FailsOverFromAServerThatIsGone) {
  const proxy::UdpEchoServer second;
  UdpWorld world("");
  // No server uses this port, so its host answers "port unreachable".
  const auto gone = to_text(proxy::UdpEchoServer().endpoint());
  ProxyWorld proxy("", {.listener = "protocol = \"udp\"",
                        .servers = "\"" + gone + "\", \"" + to_text(second.endpoint()) + "\""});
  world.client = proxy::connect_datagrams(*proxy::SocketAddress::of(proxy.endpoint()));
  EXPECT_TRUE(eventually([&] { return world.send_and_count(1, 100ms) == 1; }));
}

TEST(Udp, NewRulesActOnLiveSessions) {
  UdpWorld world("");
  EXPECT_EQ(world.send_and_count(1, 10s), 1);
  world.proxy.reload("[[rule]]\nfault = { type = \"drop\" }");
  send_all(world.client, "lost");
  EXPECT_TRUE(eventually([&] { return world.proxy.injected() == 1; }));
  world.proxy.reload("");
  send_all(world.client, "later");
  EXPECT_EQ(receive(world.client, 5).bytes, "later");
}

const std::string kHold =
    "[[rule]]\nmatch = { direction = \"upstream\" }\n"
    "fault = { type = \"latency\", delay = \"1h\" }";

TEST(Udp, AllSessionsTogetherHoldAtMostTheTotalOfTheListener) {
  const TempFolder folder;
  const auto events = folder.in("events");
  const proxy::UdpEchoServer server;
  ProxyWorld proxy(kHold, {.listener = "protocol = \"udp\"\nbuffer_total = \"64 KiB\"",
                           .servers = "\"" + to_text(server.endpoint()) + "\"",
                           .events = events});
  const auto stats =
      proxy.on_control([&] { return proxy.engine().listeners().front().view->stats; });
  std::vector<Fd> clients;
  // An empty datagram uses memory, too: 16 sessions of 100 would be 200 KiB.
  for (int i = 0; i < 16; ++i) {
    clients.push_back(proxy::connect_datagrams(*proxy::SocketAddress::of(proxy.endpoint())));
    for (int j = 0; j < 100; ++j) ::send(clients.back().get(), "", 0, 0);
    proxy.let_workers_turn();
  }
  EXPECT_TRUE(eventually([&] { return stats->dropped.load() > 900; }));
  EXPECT_GE(stats->held.load(), 64U << 10);
  EXPECT_LT(stats->held.load(), 80U << 10);
  EXPECT_TRUE(eventually([&] {
    const auto text = read_file(events);
    return text.find("limit reached") != std::string::npos;
  }));
  const auto text = read_file(events);
  EXPECT_EQ(text.find("limit reached"), text.rfind("limit reached")) << "one event";
  proxy.reload("");
  EXPECT_TRUE(eventually([&] { return stats->held.load() == 0; }));
}

TEST(Udp, DownClosesThePort) {
  UdpWorld world("[[rule]]\nfault = { type = \"down\" }");
  // The port closes shortly after the start. Its host then answers "port unreachable".
  EXPECT_TRUE(eventually([&] {
    send_all(world.client, "x");
    return receive(world.client, 1, 20ms).ending == Ending::kReset;
  }));
}

TEST(Udp, AWildcardListenerAnswersFromTheAddressThatWasAsked) {
  const proxy::UdpEchoServer server;
  ProxyWorld proxy("", {.listener = "protocol = \"udp\"",
                        .servers = "\"" + to_text(server.endpoint()) + "\"",
                        .listen = "0.0.0.0:0"});
  // The client's socket is connected to 127.0.0.2, so it accepts answers from there only.
  const proxy::Endpoint other{"127.0.0.2", proxy.endpoint().port, ""};
  const auto client = proxy::connect_datagrams(*proxy::SocketAddress::of(other));
  send_all(client, "x");
  EXPECT_EQ(receive(client, 1).bytes, "x");
}

TEST(Udp, TheSameSeedHitsTheSameDatagrams) {
  const std::string rule =
      "[[rule]]\nmatch = { direction = \"upstream\" }\nprobability = \"50%\"\nper = "
      "\"chunk\"\nfault = { type = \"drop\" }";
  UdpWorld first(rule);
  UdpWorld other(rule);
  for (auto* world : {&first, &other}) {
    for (int i = 0; i < 10; ++i) send_all(world->client, std::to_string(i));
    EXPECT_TRUE(eventually([&] {
      world->order += receive(world->client, SIZE_MAX, 0ms).bytes;
      return world->order.size() + world->proxy.injected() == 10;
    })) << "each is dropped or comes back";
  }
  EXPECT_EQ(first.order, other.order);
  EXPECT_GT(first.order.size(), 0U);
  EXPECT_LT(first.order.size(), 10U);
}

}  // namespace
}  // namespace brownout::test
