// Tests every NATS fault over real sockets. The test acts as the server.
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

// A connection on which the server has sent INFO.
struct NatsWorld {
  explicit NatsWorld(const std::string& rule)
      : proxy("[[rule]]\n" + rule, {.listener = "protocol = \"nats\"", .servers = port.address()}) {
    const std::string info = "INFO {\"server_id\":\"N\"}\r\n";
    client = proxy.connect();
    server = port.accept();
    send_all(server, info);
    EXPECT_EQ(receive(client, info.size()).bytes, info);
  }

  TestServer port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FaultsOverSockets, nats_slow_consumer) {
  const NatsWorld world("fault = { type = \"nats_slow_consumer\" }\nmatch = { verb = \"msg\" }");
  send_all(world.server, "MSG a 1 2\r\nhi\r\n");
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes, "-ERR 'Slow Consumer'\r\n");
  EXPECT_EQ(received.ending, Ending::kFin);
  EXPECT_EQ(receive(world.server).ending, Ending::kFin);
}

TEST(FaultsOverSockets, nats_stale_connection) {
  const NatsWorld world("fault = { type = \"nats_stale_connection\" }");
  send_all(world.server, "PONG\r\nPING\r\n");
  EXPECT_EQ(receive(world.client, 6).bytes, "PING\r\n");
}

TEST(FaultsOverSockets, nats_lame_duck) {
  const NatsWorld world("fault = { type = \"nats_lame_duck\", grace = \"1ms\" }");
  send_all(world.server, "PING\r\n");
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes, "INFO {\"server_id\":\"N\",\"ldm\":true}\r\nPING\r\n");
  EXPECT_EQ(received.ending, Ending::kFin);
}

TEST(FaultsOverSockets, nats_authorization_timeout) {
  const NatsWorld world("fault = { type = \"nats_authorization_timeout\", after = \"1ms\" }");
  send_all(world.client, "CONNECT {}\r\nPING\r\n");
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes, "-ERR 'Authentication Timeout'\r\n");
  EXPECT_EQ(received.ending, Ending::kFin);
  EXPECT_EQ(receive(world.server).bytes, "");
}

TEST(FaultsOverSockets, nats_cluster_change) {
  const TestServer port;
  const ProxyWorld proxy(
      "[[rule]]\nfault = { type = \"nats_cluster_change\", connect_urls = [\"127.0.0.1:1\"] }",
      {.listener = "protocol = \"nats\"", .servers = port.address()});
  const auto client = proxy.connect();
  const auto server = port.accept();
  send_all(server, "INFO {\"connect_urls\":[\"10.0.0.1:4222\"]}\r\n");
  const std::string received = "INFO {\"connect_urls\":[\"127.0.0.1:1\"]}\r\n";
  EXPECT_EQ(receive(client, received.size()).bytes, received);
}

}  // namespace
}  // namespace brownout::test
