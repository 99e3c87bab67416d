// Tests every DNS fault over real sockets: the client receives the answer that the rule describes.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <set>

#include "tests/support/dns_world.h"

namespace brownout::test {
namespace {

TEST(FaultsOverSockets, nxdomain) {
  const DnsWorld world(fault("\"nxdomain\""));
  EXPECT_EQ(world.ask("chat.example.org"), "NXDOMAIN");
  EXPECT_EQ(world.ask_tcp("chat.example.org"), "NXDOMAIN");
}

TEST(FaultsOverSockets, servfail) {
  DnsWorld world(fault("\"servfail\""));
  EXPECT_EQ(world.ask("chat.example.org"), "SERVFAIL");
  EXPECT_EQ(world.proxy.injected(), 1U);
  world.proxy.reload(lab_zone());
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
}

TEST(FaultsOverSockets, refused) {
  EXPECT_EQ(DnsWorld(fault("\"refused\"")).ask("chat.example.org"), "REFUSED");
}

TEST(FaultsOverSockets, formerr) {
  EXPECT_EQ(DnsWorld(fault("\"formerr\"")).ask("chat.example.org"), "FORMERR");
}

TEST(FaultsOverSockets, notimp) {
  EXPECT_EQ(DnsWorld(fault("\"notimp\"")).ask("chat.example.org"), "NOTIMP");
}

TEST(FaultsOverSockets, rcode) {
  const DnsWorld world(fault("\"rcode\", code = \"BADVERS\""));
  EXPECT_EQ(world.ask("chat.example.org", 1, 10s, 1232), "BADVERS");
}

TEST(FaultsOverSockets, nodata) {
  EXPECT_EQ(DnsWorld(fault("\"nodata\"")).ask("chat.example.org"), "NOERROR");
}

TEST(FaultsOverSockets, wrong_answer) {
  const DnsWorld world(fault("\"wrong_answer\", addresses = [\"203.0.113.7\", \"2001:db8::bad\"]"));
  EXPECT_EQ(world.ask("chat.example.org"), "NOERROR 203.0.113.7/60");
  EXPECT_EQ(world.ask("chat.example.org", 28), "NOERROR 2001:db8::bad/60");
}

TEST(FaultsOverSockets, wrong_answer_of_another_name) {
  const auto rule =
      "[[rule]]\nmatch = { qname = \"pay.example.org\" }\nfault = { type = \"wrong_answer\", name "
      "= "
      "\"Chat.example.org.\" }\n";
  const DnsWorld from_zone(rule);
  EXPECT_EQ(from_zone.ask("pay.example.org"), kChatAnswer);
  EXPECT_EQ(from_zone.ask("chat.example.org"), kChatAnswer);
  EXPECT_EQ(from_zone.ask_tcp("pay.example.org"), kChatAnswer);
  const DnsWorld resolver("");
  const DnsWorld forwarded(rule, resolver.address());
  EXPECT_EQ(forwarded.ask("pay.example.org"), kChatAnswer);
  EXPECT_EQ(forwarded.ask("pay.example.org", 28), resolver.ask("chat.example.org", 28));
}

TEST(FaultsOverSockets, drop_records) {
  const DnsWorld world(fault("\"drop_records\", prefix = \"192.0.2.1\""));
  EXPECT_EQ(world.ask("chat.example.org"), "NOERROR 192.0.2.2/60");
}

TEST(FaultsOverSockets, ttl) {
  EXPECT_EQ(DnsWorld(fault("\"ttl\", ttl = \"5s\"")).ask("chat.example.org"),
            "NOERROR 192.0.2.1/5 192.0.2.2/5");
}

TEST(FaultsOverSockets, stale) {
  DnsWorld world(fault("\"stale\""));
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
  world.proxy.reload(
      "[[zone]]\nname = \"lab\"\nrecords = \"chat.example.org. 60 IN A 203.0.113.1\"\n" +
      fault("\"stale\""));
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
}

TEST(FaultsOverSockets, truncate) {
  const DnsWorld world(fault("\"truncate\""));
  EXPECT_EQ(world.ask("chat.example.org"), "NOERROR tc");
  EXPECT_EQ(world.ask_tcp("chat.example.org"), kChatAnswer);
}

TEST(FaultsOverSockets, tcp_only) {
  DnsWorld world(fault("\"tcp_only\""));
  EXPECT_EQ(world.ask_tcp("chat.example.org"), kChatAnswer);
  EXPECT_TRUE(world.loses_udp());
}

TEST(FaultsOverSockets, udp_only) {
  DnsWorld world(fault("\"udp_only\""));
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
  EXPECT_TRUE(world.loses_tcp());
}

TEST(FaultsOverSockets, lame) {
  EXPECT_EQ(DnsWorld(fault("\"lame\", how = \"loop\"")).ask("chat.example.org"),
            "NOERROR | NS/60 NS/60");
}

TEST(FaultsOverSockets, slow_tcp) {
  const DnsWorld world(fault("\"slow_tcp\", delay = \"150ms\""));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(world.ask_tcp("chat.example.org"), kChatAnswer);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

TEST(DnsFaultsOverSockets, LatencyDelaysAnswers) {
  const DnsWorld world(fault("\"latency\", delay = \"150ms\""));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

TEST(DnsFaultsOverSockets, TimeoutSendsNoAnswer) {
  EXPECT_TRUE(DnsWorld(fault("\"timeout\"")).loses_udp());
}

TEST(DnsFaultsOverSockets, CorruptFlipsBitsOfTheAnswer) {
  const DnsWorld world(fault("\"corrupt\", chance = \"20%\""));
  EXPECT_NE(world.ask("chat.example.org"), kChatAnswer);
}

TEST(DnsFaultsOverSockets, DropLosesTheQueryOrTheAnswer) {
  EXPECT_TRUE(DnsWorld(fault("\"drop\"")).loses_udp());
  const std::string answers =
      "[[rule]]\nmatch = { direction = \"downstream\", qtype = \"A\" }\n"
      "fault = { type = \"drop\" }";
  DnsWorld world(answers);
  EXPECT_EQ(world.ask_tcp("chat.example.org", 28), "NOERROR 2001:db8::1/60");
  EXPECT_TRUE(world.loses_udp());
  EXPECT_TRUE(DnsWorld(answers).loses_tcp());
}

TEST(DnsFaultsOverSockets, DuplicateSendsTheSameAnswerTwice) {
  const DnsWorld world(fault("\"duplicate\", share = \"100%\""));
  const auto query = dns_query("chat.example.org");
  const auto udp = world.udp();
  send_all(udp, std::string(reinterpret_cast<const char*>(query.data()), query.size()));
  const auto first = receive_datagram(udp);
  EXPECT_EQ(print(first), kChatAnswer);
  EXPECT_EQ(receive_datagram(udp), first);
  const auto tcp = world.tcp();
  for (int i = 0; i < 2; ++i) {
    send_message(tcp, query);
    const auto answer = receive_message(tcp);
    EXPECT_EQ(print(answer), kChatAnswer);
    EXPECT_EQ(receive_message(tcp), answer);
  }
}

TEST(DnsFaultsOverSockets, TruncateMessageKeepsTheFirstBytes) {
  const DnsWorld world(fault("\"truncate_message\", after = \"12 B\""));
  const auto tcp = world.tcp();
  send_message(tcp, dns_query("chat.example.org"));
  EXPECT_EQ(receive_message(tcp).size(), 12U);
  const DnsWorld empty(fault("\"truncate_message\", after = \"0 B\""));
  const auto udp = empty.udp();
  const auto query = dns_query("chat.example.org");
  send_all(udp, std::string(reinterpret_cast<const char*>(query.data()), query.size()));
  EXPECT_EQ(receive_datagram(udp).size(), 0U);
}

TEST(DnsFaultsOverSockets, ReorderLetsOneAnswerOvertakeAnother) {
  const DnsWorld world(fault("\"reorder\", share = \"100%\", gap = 2, delay = \"200ms\""));
  const auto tcp = world.tcp();
  send_message(tcp, dns_query("chat.example.org", 1));
  send_message(tcp, dns_query("chat.example.org", 28));
  EXPECT_EQ(print(receive_message(tcp)), "NOERROR 2001:db8::1/60");
  EXPECT_EQ(print(receive_message(tcp)), kChatAnswer);
}

// Each query is sent from its own port, so either worker may receive it.
TEST(DnsFaultsOverSockets, HoldUntilCoversAClientAcrossWorkers) {
  ProxyWorld proxy(lab_zone() + R"([[rule]]
match = { qtype = "AAAA" }
fault = { type = "hold_until", passes = { qtype = "A" } })",
                   {.workers = 2, .listener = "protocol = \"dns\"\nzone = \"lab\""});
  const auto ask = [&](std::uint16_t type) {
    auto fd = proxy::connect_datagrams(*proxy::SocketAddress::of(proxy.endpoint()));
    const auto query = dns_query("chat.example.org", type);
    ::send(fd.get(), query.data(), query.size(), 0);
    return fd;
  };
  for (int round = 0; round < 8; ++round) {
    std::vector<Fd> held;
    for (int i = 0; i < 4; ++i) held.push_back(ask(28));
    const auto all = 4U * (static_cast<unsigned>(round) + 1);
    EXPECT_TRUE(eventually([&] { return proxy.injected() == all; }));
    for (const auto& client : held) EXPECT_TRUE(receive_datagram(client, 0ms).empty());
    EXPECT_EQ(print(receive_datagram(ask(1))), kChatAnswer);
    for (const auto& client : held)
      EXPECT_EQ(print(receive_datagram(client)), "NOERROR 2001:db8::1/60");
  }
}

TEST(DnsFaultsOverSockets, AHeldAnswerIsReleasedAfterItsTimeOrWithItsRule) {
  const std::string rule =
      "match = { qtype = \"AAAA\" }\nfault = { type = \"hold_until\", passes = { qname = \"never\" "
      "}";
  DnsWorld world(
      "[[rule]]\n" + rule + ", most = \"100ms\" }\n[[rule]]\nmatch = { transport = \"tcp\" }\n" +
      "fault = { type = \"hold_until\", passes = { qname = \"never\" }, most = \"1h\" }");
  EXPECT_EQ(world.ask("chat.example.org", 28), "NOERROR 2001:db8::1/60");
  const auto tcp = world.tcp();
  send_message(tcp, dns_query("chat.example.org"));
  EXPECT_TRUE(eventually([&] { return world.proxy.injected() == 2; }));
  EXPECT_TRUE(receive_message(tcp, 0ms).empty());
  world.proxy.reload(lab_zone() + "[[rule]]\n" + rule + ", most = \"100ms\" }");
  EXPECT_EQ(print(receive_message(tcp)), kChatAnswer);
}

TEST(DnsFaultsOverSockets, ReorderWithAWindowVariesTheOrder) {
  const DnsWorld world(fault("\"reorder\", share = \"100%\", window = 3, delay = \"1m\""));
  const auto tcp = world.tcp();
  std::set<std::string> orders;
  for (int round = 0; round < 20; ++round) {
    for (const auto type : std::array<std::uint16_t, 3>{1, 28, 16})
      send_message(tcp, dns_query("chat.example.org", type));
    std::string order;
    for (int i = 0; i < 3; ++i) order += print(receive_message(tcp)) + "\n";
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 2U);
}

TEST(DnsFaultsOverSockets, AckLossLosesTheAnswer) {
  EXPECT_TRUE(DnsWorld(fault("\"ack_loss\"")).loses_udp());
}

}  // namespace
}  // namespace brownout::test
