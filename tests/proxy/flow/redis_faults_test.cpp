// Tests every Redis fault over real sockets. The test acts as the server.
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

struct RedisWorld {
  // `fault` is the fault's type with its closing quote, followed by further keys.
  explicit RedisWorld(const std::string& fault)
      : proxy("[[rule]]\nfault = { type = \"" + fault + " }",
              {.listener = "protocol = \"redis\"", .servers = port.address()}) {
    client = proxy.connect();
    server = port.accept();
  }

  // The reply line to a command that the proxy answers itself, without the server.
  std::string ask(std::string_view command) const {
    send_all(client, redis_array_of(command));
    std::string line;
    while (!line.ends_with("\n")) {
      const auto received = receive(client, 1);
      if (received.bytes.empty()) return line + " (no more)";
      line += received.bytes;
    }
    return line;
  }
  // "+OK\r\n" if the server receives the command and its reply reaches the client.
  std::string passes(std::string_view command) const {
    const auto asked = redis_array_of(command);
    send_all(client, asked);
    const auto got = receive(server, asked.size()).bytes;
    if (got != asked) return "the server got " + got;
    send_all(server, "+OK\r\n");
    return receive(client, 5).bytes;
  }

  TestServer port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FaultsOverSockets, redis_readonly) {
  const RedisWorld world("redis_readonly\"");
  EXPECT_EQ(world.ask("SET a 1"), "-READONLY You can't write against a read only replica.\r\n");
  EXPECT_EQ(world.passes("GET a"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_loading) {
  const RedisWorld world("redis_loading\"");
  EXPECT_EQ(world.ask("GET a"), "-LOADING Redis is loading the dataset in memory\r\n");
  EXPECT_EQ(world.passes("SELECT 0"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_cut_reply_delivers_the_part_before_the_reset) {
  const RedisWorld world("redis_cut_reply\", close = \"rst\", after = \"3 B\"");
  const auto asked = redis_array_of("GET a");
  send_all(world.client, asked);
  EXPECT_EQ(receive(world.server, asked.size()).bytes, asked);
  send_all(world.server, "+OK\r\n");
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes, "+OK");
  EXPECT_EQ(received.ending, Ending::kReset);
}

TEST(FaultsOverSockets, redis_clusterdown) {
  const RedisWorld world("redis_clusterdown\"");
  EXPECT_EQ(world.ask("GET a"), "-CLUSTERDOWN The cluster is down\r\n");
  EXPECT_EQ(world.passes("PING"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_oom) {
  const RedisWorld world("redis_oom\"");
  EXPECT_EQ(world.ask("SET a 1"), "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  EXPECT_EQ(world.passes("GET a"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_misconf) {
  const RedisWorld world("redis_misconf\"");
  EXPECT_EQ(world.ask("SET a 1").substr(0, 15), "-MISCONF Redis ");
  EXPECT_EQ(world.passes("GET a"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_busy) {
  const RedisWorld world("redis_busy\"");
  EXPECT_EQ(world.ask("GET a"),
            "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN "
            "NOSAVE.\r\n");
  EXPECT_EQ(world.passes("SCRIPT KILL"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_noauth) {
  const RedisWorld world("redis_noauth\"");
  EXPECT_EQ(world.ask("GET a"), "-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(world.passes("AUTH x"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_moved) {
  const RedisWorld world("redis_moved\", address = \"127.0.0.1:7001\"");
  EXPECT_EQ(world.ask("GET somekey"), "-MOVED 11058 127.0.0.1:7001\r\n");
  EXPECT_EQ(world.passes("PING"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_ask) {
  const RedisWorld world("redis_ask\", address = \"127.0.0.1:7001\"");
  EXPECT_EQ(world.ask("GET somekey"), "-ASK 11058 127.0.0.1:7001\r\n");
  EXPECT_EQ(world.passes("PING"), "+OK\r\n");
}

TEST(FaultsOverSockets, redis_dead_subscription) {
  const RedisWorld world("redis_dead_subscription\"");
  const auto asked = redis_array_of("SUBSCRIBE news");
  send_all(world.client, asked);
  EXPECT_EQ(receive(world.server, asked.size()).bytes, asked);
  const std::string confirmed = "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n";
  send_all(world.server, confirmed + redis_array_of("message news hello"));
  EXPECT_EQ(receive(world.client, confirmed.size()).bytes, confirmed);
  const auto more = receive(world.client, 1, 300ms);
  EXPECT_EQ(more.bytes, "");
  EXPECT_EQ(more.ending, Ending::kOpen);
}

TEST(FaultsOverSockets, redis_cut_reply) {
  const RedisWorld world("redis_cut_reply\"");
  const auto asked = redis_array_of("GET a");
  send_all(world.client, asked);
  EXPECT_EQ(receive(world.server, asked.size()).bytes, asked);
  send_all(world.server, "$6\r\nabcdef\r\n");
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes, "$6\r\nab");
  EXPECT_EQ(received.ending, Ending::kFin);
}

}  // namespace
}  // namespace brownout::test
