// Tests every Kafka fault over real sockets. The test acts as the broker.
#include <gtest/gtest.h>

#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

struct KafkaSockets {
  // `fault` is the fault's type with its closing quote, followed by further keys.
  explicit KafkaSockets(const std::string& fault)
      : proxy("[[rule]]\nfault = { type = \"" + fault + " }",
              {.listener = "protocol = \"kafka\"", .servers = port.address()}) {
    client = proxy.connect();
    server = port.accept();
  }

  // Whether the client gets this response to a request that the broker never sees.
  bool answers(const std::string& request, const std::string& response) const {
    send_all(client, request);
    return receive(client, response.size()).bytes == response;
  }
  // Whether the client gets this response in place of the broker's.
  bool changes(const std::string& request, const std::string& sent,
               const std::string& response) const {
    send_all(client, request);
    if (receive(server, request.size()).bytes != request) return false;
    send_all(server, sent);
    return receive(client, response.size()).bytes == response;
  }

  TestServer port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FaultsOverSockets, kafka_error) {
  const KafkaSockets world("kafka_error\", error = \"REQUEST_TIMED_OUT\"");
  EXPECT_TRUE(world.answers(kafka_heartbeat(1, "billing"), kafka_heartbeat_reply(1, 7)));
}

TEST(FaultsOverSockets, kafka_throttle) {
  const KafkaSockets world("kafka_throttle\", time = \"1s\"");
  EXPECT_TRUE(world.changes(kafka_produce(1, "orders", "record"), kafka_produced(1, "orders", 7),
                            kafka_produced(1, "orders", 7, 0, 1000)));
}

TEST(FaultsOverSockets, kafka_leader) {
  const KafkaSockets world("kafka_leader\", how = \"none\"");
  EXPECT_TRUE(world.changes(kafka_metadata(1), kafka_orders(1, 2), kafka_orders(1, -1, 5)));
}

TEST(FaultsOverSockets, kafka_broker_down) {
  const KafkaSockets world("kafka_broker_down\", node = 1");
  EXPECT_TRUE(world.changes(kafka_metadata(1), kafka_brokers(1, "b", 9092),
                            kafka_reply(1, kafka_int(0) + kafka_int(1) + kafka_int(0))));
}

TEST(FaultsOverSockets, kafka_rebalance) {
  const KafkaSockets world("kafka_rebalance\"");
  EXPECT_TRUE(world.answers(kafka_heartbeat(1, "billing"), kafka_heartbeat_reply(1, 27)));
}

TEST(FaultsOverSockets, kafka_coordinator) {
  const KafkaSockets world("kafka_coordinator\"");
  EXPECT_TRUE(world.answers(kafka_heartbeat(1, "billing"), kafka_heartbeat_reply(1, 16)));
}

TEST(FaultsOverSockets, kafka_session) {
  const KafkaSockets world("kafka_session\"");
  EXPECT_TRUE(world.answers(kafka_session_fetch(1, 77, 1), kafka_session_fetched(1, 0, 70)));
}

TEST(FaultsOverSockets, kafka_lag) {
  const KafkaSockets world("kafka_lag\", records = 100");
  EXPECT_TRUE(
      world.changes(kafka_fetch(1), kafka_fetched(1, 9, "batch"), kafka_fetched(1, 109, "batch")));
}

TEST(FaultsOverSockets, kafka_api_versions) {
  const KafkaSockets world("kafka_api_versions\", api = \"Produce\", most = 7");
  EXPECT_TRUE(world.changes(kafka_ask_versions(1), kafka_versions(1, 12), kafka_versions(1, 7)));
}

TEST(FaultsOverSockets, kafka_records) {
  const KafkaSockets world("kafka_records\", how = \"poison\", key = \"a\", value = \"new\"");
  const auto batch = [](std::string_view value) {
    return kafka_batch({{.key = "a", .value = value}, {.key = "b", .value = "2"}});
  };
  EXPECT_TRUE(world.changes(kafka_fetch(1), kafka_fetched(1, 9, batch("1")),
                            kafka_fetched(1, 9, batch("new"))));
}

}  // namespace
}  // namespace brownout::test
