// Tests over real sockets how clients reach the brokers of a cluster through one listener. The test
// acts as the brokers.
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/kafka_words.h"
#include "tests/support/tls_world.h"

namespace brownout::test {
namespace {

// The first of two adjacent ports that are free. Below 20000, the kernel gives none to clients.
std::uint16_t two_free_ports() {
  const auto is_free = [](int port) {
    return proxy::listen_on({"127.0.0.1", static_cast<std::uint16_t>(port), ""}, 1, 1).has_value();
  };
  int port = 10'000 + ::getpid() % 4'000 * 2;
  while (!is_free(port) || !is_free(port + 1)) port += 2;
  return static_cast<std::uint16_t>(port);
}

// Metadata version 1 of brokers 1 and 2.
std::string brokers_at(int correlation, const std::vector<proxy::Endpoint>& brokers) {
  auto body = kafka_int(static_cast<std::int64_t>(brokers.size()));
  int id = 0;
  for (const auto& broker : brokers) {
    body += kafka_int(++id) + kafka_text(broker.host) + kafka_int(broker.port) + kafka_int(-1, 2);
  }
  return kafka_reply(correlation, body + kafka_int(1) + kafka_int(0));
}

// The answer that the client gets if the broker at the other end names these brokers.
std::string told(const Fd& client, const Fd& broker, int correlation,
                 const std::vector<proxy::Endpoint>& brokers, const std::string& expected) {
  send_all(client, kafka_metadata(correlation));
  receive(broker, kafka_metadata(correlation).size());
  send_all(broker, brokers_at(correlation, brokers));
  return receive(client, expected.size()).bytes;
}

std::string follow_at(std::uint16_t port) {
  return "brokers = \"follow\"\nbroker_ports = " + std::to_string(port) + "\n";
}

TEST(KafkaBrokers, AReloadGivesNewPortsToOpenConnections) {
  const TestServer broker;
  const auto before = two_free_ports();
  const auto after = static_cast<std::uint16_t>(before + 1);
  ProxyWorld proxy(follow_at(before),
                   {.listener = "protocol = \"kafka\"", .servers = broker.address()});
  const auto client = proxy.connect();
  const auto server = broker.accept();
  const auto first = brokers_at(1, {{"127.0.0.1", before, ""}});
  EXPECT_EQ(told(client, server, 1, {broker.endpoint()}, first), first);

  proxy.reload(follow_at(after));
  // The new port leads to the broker before any connection has been told.
  const auto early = proxy::connect_to({"127.0.0.1", after, ""});
  EXPECT_TRUE(broker.accept());
  const auto second = brokers_at(2, {{"127.0.0.1", after, ""}});
  EXPECT_EQ(told(client, server, 2, {broker.endpoint()}, second), second);

  proxy.reload(follow_at(after) + "advertise = \"localhost\"");
  const auto third = brokers_at(3, {{"localhost", after, ""}});
  EXPECT_EQ(told(client, server, 3, {broker.endpoint()}, third), third);
}

TEST(KafkaBrokers, RulesMatchTheBrokerOfAConnection) {
  const TestServer first;
  const TestServer second;
  const auto port = two_free_ports();
  const auto next = static_cast<std::uint16_t>(port + 1);
  ProxyWorld proxy("brokers = \"follow\"\nbroker_ports = \"" + std::to_string(port) + "-" +
                       std::to_string(next) +
                       "\"\n[[rule]]\nmatch = { node = 2 }\nfault = { type = \"refuse\" }",
                   {.listener = "protocol = \"kafka\"", .servers = first.address()});
  const auto client = proxy.connect();
  const auto server = first.accept();
  const auto expected = brokers_at(1, {{"127.0.0.1", port, ""}, {"127.0.0.1", next, ""}});
  EXPECT_EQ(told(client, server, 1, {first.endpoint(), second.endpoint()}, expected), expected);
  EXPECT_EQ(proxy.injected(), 0U);
  const auto to_first = proxy::connect_to({"127.0.0.1", port, ""});
  EXPECT_TRUE(first.accept());
  EXPECT_EQ(receive(proxy::connect_to({"127.0.0.1", next, ""})).ending, Ending::kReset);
  EXPECT_EQ(proxy.injected(), 1U);
}

// A proxy whose clients reach the listener through TLS with this server name.
ProxyWorld tls_client(const ProxyWorld& listener, const std::string& folder,
                      const std::string& name) {
  return ProxyWorld(
      "", {.servers = "\"" + to_text(listener.endpoint()) + "\"",
           .upstream = "tls = { ca = \"" + folder + "/ca.pem\", name = \"" + name + "\" }"});
}

TEST(KafkaBrokers, TheServerNameChoosesTheBroker) {
  const TestServer first;
  const TestServer second;
  const TlsWorld ca("", false);
  const ProxyWorld proxy("",
                         {.listener = "protocol = \"kafka\"\nbrokers = \"follow\"\nbroker_names = "
                                      "\"broker-{node}.kafka.test:9093\"\ntls = { ca = \"" +
                                      ca.folder + "\" }",
                          .servers = first.address()});
  const auto bootstrap = tls_client(proxy, ca.folder, "kafka.test");
  const auto client = bootstrap.connect();
  const auto server = first.accept();
  const auto expected =
      brokers_at(1, {{"broker-1.kafka.test", 9093, ""}, {"broker-2.kafka.test", 9093, ""}});
  EXPECT_EQ(told(client, server, 1, {first.endpoint(), second.endpoint()}, expected), expected);

  const auto known = tls_client(proxy, ca.folder, "broker-2.kafka.test");
  const auto to_second = known.connect();
  const auto at_second = second.accept();
  ASSERT_TRUE(at_second);
  send_all(to_second, kafka_metadata(7));
  EXPECT_EQ(receive(at_second, kafka_metadata(7).size()).bytes, kafka_metadata(7));

  const auto unknown = tls_client(proxy, ca.folder, "broker-3.kafka.test");
  EXPECT_EQ(receive(unknown.connect()).ending, Ending::kReset);
}

}  // namespace
}  // namespace brownout::test
