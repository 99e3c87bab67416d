// Tests zone transfers through a real proxy: one query is answered by many messages.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "tests/support/dns_world.h"

namespace brownout::test {
namespace {

constexpr std::uint16_t kAxfrType = 252;

// A message that answers `query`, with one record per letter of `kinds`: SOA for 'S', A for 'A'.
codecs::Bytes transfer_part(codecs::ByteView query, const std::string& kinds) {
  codecs::Bytes message(query.begin(), query.begin() + 12);
  message[2] = std::byte{0x84};
  message[3] = std::byte{0};
  message[5] = std::byte{0};
  message[6] = static_cast<std::byte>(kinds.size() >> 8);
  message[7] = static_cast<std::byte>(kinds.size() & 0xff);
  message[9] = message[11] = std::byte{0};
  const auto put = [&](std::initializer_list<int> bytes) {
    for (const int byte : bytes) message.push_back(static_cast<std::byte>(byte));
  };
  for (const char kind : kinds) {
    put({0, 0, kind == 'S' ? 6 : 1, 0, 1, 0, 0, 0, 60, 0, kind == 'S' ? 22 : 4});
    message.resize(message.size() + (kind == 'S' ? 22 : 4));
  }
  return message;
}

codecs::Bytes axfr_query(std::uint16_t id = 7) { return dns_query("example.org", kAxfrType, id); }

bool is_closed(const Fd& client) { return receive(client, 1).ending == Ending::kFin; }

TEST(DnsTransfer, ForwardsEveryMessageUnchanged) {
  const TestServer server;
  const DnsWorld world("", server.address());
  const auto client = world.tcp();
  send_message(client, axfr_query());
  const auto upstream = server.accept();
  const auto asked = receive_message(upstream);
  EXPECT_EQ(asked, axfr_query());
  for (const auto* kinds : {"SAA", "AA", "AS"}) {
    send_message(upstream, transfer_part(asked, kinds));
    EXPECT_EQ(receive_message(client), transfer_part(asked, kinds)) << kinds;
  }
  // The transfer is over, so the client's half-close ends both connections.
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(is_closed(client));
  EXPECT_TRUE(is_closed(upstream));
}

TEST(DnsTransfer, AnswersOtherQueriesDuringATransfer) {
  const TestServer server;
  const DnsWorld world("", server.address());
  const auto client = world.tcp();
  send_message(client, axfr_query(1));
  const auto transfer = server.accept();
  const auto asked = receive_message(transfer);
  send_message(transfer, transfer_part(asked, "SA"));
  EXPECT_EQ(receive_message(client), transfer_part(asked, "SA"));
  send_message(client, dns_query("chat.example.org", 1, 2));
  const auto other = server.accept();
  const auto query = receive_message(other);
  auto answer = *codecs::write_dns_reply(query, {}, rules::Transport::kTcp);
  send_message(other, answer);
  EXPECT_EQ(codecs::read_dns_header(receive_message(client))->id, 2);
  send_message(transfer, transfer_part(asked, "S"));
  EXPECT_EQ(receive_message(client), transfer_part(asked, "S"));
}

TEST(DnsTransfer, ClosesTheClientIfTheServerClosesHalfway) {
  const TestServer server;
  const DnsWorld world("", server.address());
  const auto client = world.tcp();
  send_message(client, axfr_query());
  auto upstream = server.accept();
  const auto asked = receive_message(upstream);
  send_message(upstream, transfer_part(asked, "SA"));
  EXPECT_FALSE(receive_message(client).empty());
  upstream.reset();
  EXPECT_TRUE(is_closed(client));
}

TEST(DnsTransfer, ClosesTheClientIfTheServerFallsSilentHalfway) {
  const TestServer server;
  const DnsWorld world("", server.address(), "query_timeout = \"100ms\"");
  const auto client = world.tcp();
  send_message(client, axfr_query());
  const auto upstream = server.accept();
  send_message(upstream, transfer_part(receive_message(upstream), "SA"));
  EXPECT_FALSE(receive_message(client).empty());
  EXPECT_TRUE(is_closed(client));
}

TEST(DnsTransfer, FailsOverBeforeTheFirstMessage) {
  const TestServer silent;
  const TestServer server;
  const DnsWorld world("", silent.address() + ", " + server.address(), "query_timeout = \"100ms\"");
  const auto client = world.tcp();
  send_message(client, axfr_query());
  const auto upstream = server.accept();
  send_message(upstream, transfer_part(receive_message(upstream), "SAS"));
  EXPECT_FALSE(receive_message(client).empty());
  const DnsWorld none("", "\"127.0.0.1:1\"");
  EXPECT_EQ(none.ask_tcp("example.org", kAxfrType), "SERVFAIL");
}

// The transfer is larger than all buffers, so the server must wait until the client reads.
TEST(DnsTransfer, ASlowClientReceivesTheWholeTransfer) {
  constexpr std::size_t kMessages = 600;
  const TestServer server;
  DnsWorld world("", server.address(), "query_timeout = \"60s\"");
  const auto client = world.tcp();
  send_message(client, axfr_query());
  const auto upstream = server.accept();
  const auto asked = receive_message(upstream);
  const auto part = transfer_part(asked, std::string(4000, 'A'));
  std::string framed{static_cast<char>(part.size() >> 8), static_cast<char>(part.size() & 0xff)};
  framed.append(reinterpret_cast<const char*>(part.data()), part.size());
  std::thread sender([&] {
    send_message(upstream, transfer_part(asked, "S"));
    for (std::size_t i = 0; i < kMessages; ++i) send_all(upstream, framed);
    send_message(upstream, transfer_part(asked, "S"));
  });
  // Wait until the server's buffer stays full, because the client does not read.
  const auto full = [&] {
    pollfd room{upstream.get(), POLLOUT, 0};
    return ::poll(&room, 1, 0) == 0;
  };
  EXPECT_TRUE(eventually([&] {
    if (!full()) return false;
    world.proxy.let_workers_turn();
    return full();
  }));
  std::size_t whole = 0;
  EXPECT_EQ(receive_message(client), transfer_part(asked, "S"));
  for (std::size_t i = 0; i < kMessages; ++i) {
    whole += receive(client, framed.size()).bytes == framed ? 1 : 0;
  }
  EXPECT_EQ(whole, kMessages);
  EXPECT_EQ(receive_message(client), transfer_part(asked, "S"));
  sender.join();
}

TEST(DnsTransfer, LaterMessagesWaitForADelayedFirstMessage) {
  const TestServer server;
  const DnsWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"300ms\" }",
                       server.address());
  const auto client = world.tcp();
  const auto begun = proxy::Loop::now();
  send_message(client, axfr_query());
  const auto upstream = server.accept();
  const auto asked = receive_message(upstream);
  for (const auto* kinds : {"SA", "A", "S"}) send_message(upstream, transfer_part(asked, kinds));
  for (const auto* kinds : {"SA", "A", "S"}) {
    EXPECT_EQ(receive_message(client), transfer_part(asked, kinds)) << kinds;
  }
  EXPECT_GE(proxy::Loop::now() - begun, 300ms);
}

TEST(DnsTransfer, DroppingTheFirstMessageDropsTheTransfer) {
  const TestServer server;
  const DnsWorld world(
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"drop\" }",
      server.address());
  const auto client = world.tcp();
  send_message(client, axfr_query());
  const auto upstream = server.accept();
  const auto asked = receive_message(upstream);
  for (const auto* kinds : {"SA", "A", "S"}) send_message(upstream, transfer_part(asked, kinds));
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(is_closed(client));
}

}  // namespace
}  // namespace brownout::test
