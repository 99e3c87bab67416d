// Tests the fault `overload` over real sockets. Connections above the capacity wait in the queue. A
// full queue refuses them, and they go to the next server.
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

std::string rule(const std::string& keys) {
  return "[[rule]]\nfault = { type = \"overload\", distribution = \"constant\", " + keys + " }";
}

TEST(FaultsOverSockets, overload) {
  const ProxyWorld world(rule("capacity = \"5/s\", queue = 1"));
  const auto start = std::chrono::steady_clock::now();
  const auto first = world.connect();
  const auto second = world.connect();
  const auto third = world.connect();
  EXPECT_EQ(receive(third).ending, Ending::kReset);
  EXPECT_GT(round_trip(second, "hello"), 0ns);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 400ms);
  EXPECT_GT(round_trip(first, "hello"), 0ns);
}

TEST(OverloadOverSockets, MessagesTakeTheServiceTime) {
  const ProxyWorld world(rule("unit = \"message\", capacity = \"10/s\""));
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, "hello"), 100ms);
}

TEST(OverloadOverSockets, OverflowAnswersAnHttpClientWith503) {
  for (const auto* unit : {"connection", "message"}) {
    ProxyWorld world(
        rule("unit = \"" + std::string(unit) +
             "\", capacity = \"1/h\", queue = 0, overflow = \"503\", retry_after = \"7s\""));
    const auto first = world.connect();
    send_all(first, "GET / HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
    const auto second = world.connect();
    send_all(second, "GET / HTTP/1.1\r\n\r\n");
    const auto got = receive(second);
    EXPECT_EQ(got.bytes.find("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n"), 0U)
        << got.bytes;
    EXPECT_EQ(got.ending, Ending::kFin);
  }
}

TEST(OverloadOverSockets, TheOverflowOfOneServerGoesToTheNext) {
  const proxy::EchoServer server;
  const proxy::EchoServer next;
  const ProxyWorld world(
      rule("capacity = \"10/s\", queue = 0, shared = \"server\""),
      {.servers = "\"" + to_text(server.endpoint()) + "\", \"" + to_text(next.endpoint()) + "\""});
  const auto first = world.connect();
  const auto second = world.connect();
  const auto third = world.connect();
  EXPECT_EQ(receive(third).ending, Ending::kReset);
  EXPECT_GT(round_trip(first, "a"), 0ns);
  EXPECT_GT(round_trip(second, "b"), 0ns);
}

TEST(OverloadOverSockets, WorkersShareOneQueue) {
  ProxyWorld world(rule("capacity = \"100000/s\", queue = 100000"), {.workers = 2});
  const auto result = proxy::connect_repeatedly(world.endpoint(), 16, 30s, 2000);
  EXPECT_EQ(result.done, 2000U);
  EXPECT_EQ(world.injected(), 2000U);
}

TEST(OverloadOverSockets, RefusingAnAddressFailsEveryServerThere) {
  const proxy::EchoServer lost;
  const proxy::EchoServer next;
  const ProxyWorld world(
      "[[rule]]\nmatch = { destination = \"127.0.0.1\" }\nfault = { type = \"refuse\" }",
      {.servers = "\"" + to_text(lost.endpoint()) + "\", \"" + to_text(next.endpoint()) + "\""});
  EXPECT_EQ(receive(world.connect()).ending, Ending::kReset);
}

}  // namespace
}  // namespace brownout::test
