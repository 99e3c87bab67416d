// Tests that halting turns off all faults at once, also on open connections, and delivers the data
// that faults hold.
#include <gtest/gtest.h>

#include "tests/support/dns_world.h"
#include "tests/support/http_world.h"
#include "tests/support/udp_world.h"

namespace brownout::test {
namespace {

void halt(ProxyWorld& world) {
  world.on_control([&] { world.engine().halt(); });
  world.engine().wait_for_workers();
}
void resume(ProxyWorld& world) {
  world.on_control([&] { world.engine().resume(); });
  world.engine().wait_for_workers();
}

TEST(Halt, DeliversHeldBytesAndResumesOnTheSameConnection) {
  ProxyWorld world(
      "[[rule]]\nstart = \"1h\"\nfault = { type = \"unplug\" }\n"
      "[[rule]]\nfault = { type = \"latency\", delay = \"1h\" }");
  const auto client = world.connect();
  send_all(client, "held");
  ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
  halt(world);
  EXPECT_EQ(receive(client, 4).bytes, "held");
  EXPECT_GE(round_trip(client, "free"), 0ns);
  resume(world);
  send_all(client, "held again");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 10));
}

TEST(Halt, ServesConnectionsThatWaitOrHang) {
  for (const auto& [fault, hit] : std::vector<std::pair<const char*, std::uint64_t>>{
           {"{ type = \"connect_delay\", delay = \"1h\" }", 2},
           {"{ type = \"slow_accept\", delay = \"1h\" }", 1},
           {"{ type = \"connection_limit\", max = 1, overflow = \"hang\" }", 1}}) {
    ProxyWorld world(std::string("[[rule]]\nfault = ") + fault);
    const auto first = world.connect();
    const auto second = world.connect();
    send_all(second, "hello");
    const auto is_hit = [&, &hits = hit] { return world.injected() == hits; };
    EXPECT_TRUE(eventually(is_hit)) << fault;
    EXPECT_EQ(receive(second, 1, 0ms).bytes, "") << fault;
    halt(world);
    EXPECT_EQ(receive(second, 5).bytes, "hello") << fault;
  }
}

TEST(Halt, OpensAPortThatIsDown) {
  ProxyWorld world("[[rule]]\nfault = { type = \"down\" }");
  ASSERT_TRUE(eventually([&] { return !world.connect(); }));
  halt(world);
  EXPECT_GE(round_trip(world.connect(), "hello"), 0ns);
  resume(world);
  EXPECT_TRUE(eventually([&] { return !world.connect(); }));
}

TEST(Halt, AnswersDelayedDnsQueries) {
  DnsWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"1h\" }");
  const auto client = world.udp();
  const auto query = dns_query("chat.example.org");
  ::send(client.get(), query.data(), query.size(), 0);
  ASSERT_TRUE(eventually([&] { return world.proxy.injected() == 1; }));
  halt(world.proxy);
  EXPECT_NE(print(receive_datagram(client)), "(silence)");
}

TEST(Halt, AnswersDelayedRequests) {
  HttpWorld world("[[rule]]\nfault = { type = \"delay\", delay = \"1h\" }");
  const auto client = world.proxy.connect();
  send_all(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return world.proxy.injected() == 1; }));
  halt(world.proxy);
  EXPECT_EQ(receive(client, 12).bytes, "HTTP/1.1 200");
}

TEST(Halt, DeliversHeldDatagrams) {
  UdpWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"1h\" }");
  send_all(world.client, "held");
  ASSERT_TRUE(eventually([&] { return world.proxy.injected() == 1; }));
  halt(world.proxy);
  EXPECT_EQ(receive(world.client, 4).bytes, "held");
}

TEST(Flows, AreListedAndCutOneByOne) {
  ProxyWorld world("[[rule]]\nname = \"slow\"\nfault = { type = \"latency\", delay = \"1h\" }",
                   {.workers = 2});
  // Wait until this connection is accepted, so that its number is 1 on either worker.
  const auto first = world.connect();
  send_all(first, "12345");
  ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
  const auto second = world.connect();
  const auto list = [&] { return world.on_control([&] { return world.engine().flows(); }); };
  ASSERT_TRUE(eventually([&] { return list().size() == 2; }));
  const auto flows = list();
  const auto& mine = flows[0].ordinal == 1 ? flows[0] : flows[1];
  EXPECT_EQ(mine.rules, std::vector<std::string>{"slow"});
  EXPECT_EQ(mine.bytes[0], 5U);
  EXPECT_EQ(mine.held[0], 5U);
  EXPECT_EQ(world.engine().held_bytes(), 5U);
  const auto count = [&](proxy::FlowQuery query) {
    const auto found = world.on_control([&] { return world.engine().list(query); });
    return std::pair(found.flows.size(), found.total);
  };
  EXPECT_EQ(count({.most = 1}), std::pair(std::size_t{1}, std::size_t{2}));
  EXPECT_EQ(count({.ordinal = 2}), std::pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(count({.listener = "ch", .client = "127.0.0.1:"}).second, 2U);
  EXPECT_EQ(count({.client = "192.0.2.1"}).second, 0U);
  EXPECT_TRUE(world.on_control([&] { return world.engine().cut("chat", 1); }));
  EXPECT_EQ(receive(first).ending, Ending::kReset);
  EXPECT_TRUE(eventually([&] { return world.engine().held_bytes() == 0; }));
  EXPECT_TRUE(eventually([&] { return list().size() == 1; }));
  EXPECT_EQ(receive(second, 1, 0ms).ending, Ending::kOpen);
  EXPECT_FALSE(world.on_control([&] { return world.engine().cut("chat", 9); }));
}

}  // namespace
}  // namespace brownout::test
