// DNS through a real proxy: forwarding, failover, TCP, spoofed answers, limits, hostile bytes.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <thread>

#include "proxy/net/datagrams.h"
#include "tests/support/dns_world.h"

namespace brownout::test {
namespace {

const std::string kChat = "NOERROR 192.0.2.1/60 192.0.2.2/60";

// A UDP socket that the test answers from itself.
struct FakeResolver {
  FakeResolver() : socket(std::move(proxy::bind_datagrams({"127.0.0.1", 0, ""}, 1)->front())) {}
  std::string address() const {
    return "\"" + to_text(proxy::bound_to(socket, {"127.0.0.1", 0, ""})) + "\"";
  }
  codecs::Bytes receive() {
    peer.length = sizeof peer.storage;
    codecs::Bytes bytes(65536);
    const auto size =
        ::recvfrom(socket.get(), bytes.data(), bytes.size(), 0, peer.get(), &peer.length);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }
  codecs::Bytes wait() {
    codecs::Bytes bytes;
    eventually([&] { return !(bytes = receive()).empty(); });
    return bytes;
  }
  void answer(codecs::ByteView bytes) const {
    ::sendto(socket.get(), bytes.data(), bytes.size(), 0,
             reinterpret_cast<const sockaddr*>(&peer.storage), peer.length);
  }
  Fd socket;
  proxy::SocketAddress peer;
};

codecs::Bytes reply_to(codecs::ByteView query, const std::string& ip) {
  rules::DnsReply reply;
  reply.answer.push_back(
      rules::address_record("chat.example.org", *rules::IpAddress::parse(ip), 60));
  return *codecs::write_dns_reply(query, reply, rules::Transport::kUdp);
}

TEST(Dns, ForwardsOverUdpAndTcp) {
  const DnsWorld resolver("");
  const DnsWorld world("", resolver.address());
  EXPECT_EQ(world.ask("chat.example.org"), kChat);
  EXPECT_EQ(world.ask_tcp("chat.example.org", 28), "NOERROR 2001:db8::1/60");
}

TEST(Dns, ALargeAnswerIsTruncatedAndComesWholeOverTcp) {
  const DnsWorld resolver("");
  const DnsWorld world("", resolver.address());
  EXPECT_EQ(world.ask("big.example.org"), "NOERROR tc");
  EXPECT_GT(world.ask("big.example.org", 1, 10s, 4096).size(), 600U);
  EXPECT_GT(world.ask_tcp("big.example.org").size(), 600U);
}

TEST(Dns, TheQuestionGoesAndComesAsTheClientWroteIt) {
  FakeResolver resolver;
  const DnsWorld world("", resolver.address());
  const auto client = world.udp();
  const auto query = dns_query("ChAt.eXample.org");
  ::send(client.get(), query.data(), query.size(), 0);
  const auto asked = resolver.wait();
  // The same but for the id, which nobody can guess.
  EXPECT_TRUE(std::equal(query.begin() + 2, query.end(), asked.begin() + 2, asked.end()));
  resolver.answer(reply_to(asked, "192.0.2.7"));
  const auto answer = receive_datagram(client);
  ASSERT_GE(answer.size(), query.size());
  EXPECT_TRUE(std::equal(query.begin(), query.begin() + 2, answer.begin()));
  EXPECT_TRUE(std::equal(query.begin() + 12, query.end(), answer.begin() + 12));
}

TEST(Dns, SpoofedAnswersAreIgnored) {
  FakeResolver resolver;
  const DnsWorld world("", resolver.address());
  const auto client = world.udp();
  const auto query = dns_query("chat.example.org");
  ::send(client.get(), query.data(), query.size(), 0);
  const auto asked = resolver.wait();
  auto wrong_id = reply_to(asked, "203.0.113.66");
  wrong_id[0] ^= std::byte{1};
  resolver.answer(wrong_id);
  auto wrong_question = reply_to(asked, "203.0.113.66");
  wrong_question[13] ^= std::byte{0x20};  // the case of one letter
  resolver.answer(wrong_question);
  // From another address, with all else right.
  const FakeResolver stranger;
  const auto forged = reply_to(asked, "203.0.113.66");
  ::sendto(stranger.socket.get(), forged.data(), forged.size(), 0, resolver.peer.get(),
           resolver.peer.length);
  resolver.answer(reply_to(asked, "192.0.2.1"));
  EXPECT_EQ(print(receive_datagram(client)), "NOERROR 192.0.2.1/60");
}

TEST(Dns, IdsAndPortsAreDrawn) {
  FakeResolver resolver;
  const DnsWorld world("", resolver.address());
  const auto client = world.udp();
  std::set<int> ids;
  std::set<std::uint16_t> ports;
  for (std::uint16_t i = 0; i < 64; ++i) {
    const auto query = dns_query("chat.example.org", 1, i);
    ::send(client.get(), query.data(), query.size(), 0);
    const auto asked = resolver.wait();
    ids.insert(codecs::read_dns_header(asked)->id);
    ports.insert(resolver.peer.port());
  }
  EXPECT_GT(ids.size(), 60U);
  EXPECT_GE(ports.size(), 4U);
}

TEST(Dns, AResolverThatIsGoneOrSilentIsLeftForTheNext) {
  const DnsWorld resolver("");
  const DnsWorld silent("[[rule]]\nfault = { type = \"timeout\" }");
  const auto gone = FakeResolver().address();
  const DnsWorld world("", gone + ", " + silent.address() + ", " + resolver.address(),
                       "query_timeout = \"100ms\"");
  EXPECT_EQ(world.ask("chat.example.org"), kChat);
  EXPECT_EQ(world.ask_tcp("chat.example.org"), kChat);
}

TEST(Dns, WhenNoResolverAnswersItIsServfail) {
  const DnsWorld world("", FakeResolver().address(), "query_timeout = \"100ms\"");
  EXPECT_EQ(world.ask("chat.example.org"), "SERVFAIL");
  EXPECT_EQ(world.ask_tcp("chat.example.org"), "SERVFAIL");
}

TEST(Dns, QueriesArePipelinedOverTcp) {
  const DnsWorld resolver("");
  const DnsWorld world(
      "[[rule]]\nmatch = { qtype = \"AAAA\" }\nfault = { type = \"latency\", delay = \"300ms\" }",
      resolver.address());
  const auto client = world.tcp();
  send_message(client, dns_query("chat.example.org", 28, 1));
  send_message(client, dns_query("chat.example.org", 1, 2));
  // The fast one does not wait for the slow one.
  EXPECT_EQ(codecs::read_dns_header(receive_message(client))->id, 2);
  EXPECT_EQ(codecs::read_dns_header(receive_message(client))->id, 1);
}

TEST(Dns, ManyQueriesOnOneConnectionInAnyPieces) {
  const DnsWorld resolver("");
  const DnsWorld world("", resolver.address());
  const auto client = world.tcp();
  std::string all;
  for (std::uint16_t id = 0; id < 500; ++id) {
    const auto query = dns_query("chat.example.org", 1, id);
    all += static_cast<char>(query.size() >> 8);
    all += static_cast<char>(query.size() & 0xff);
    for (const auto byte : query) all += static_cast<char>(byte);
  }
  std::thread writer([&] {
    for (std::size_t at = 0; at < all.size(); at += 37) send_all(client, all.substr(at, 37));
  });
  std::set<int> answered;
  for (int i = 0; i < 500; ++i) {
    const auto message = receive_message(client);
    if (message.empty()) break;
    answered.insert(codecs::read_dns_header(message)->id);
  }
  writer.join();
  EXPECT_EQ(answered.size(), 500U);
}

TEST(Dns, AClientThatHalfClosesGetsItsAnswers) {
  const DnsWorld resolver("");
  const DnsWorld world("", resolver.address());
  const auto client = world.tcp();
  send_message(client, dns_query("chat.example.org"));
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(print(receive_message(client)), kChat);
  EXPECT_EQ(receive(client).ending, Ending::kFin);
}

TEST(Dns, AResolverThatClosesItsConnectionIsDialledAgain) {
  const TestServer resolver;
  const DnsWorld world("", resolver.address());
  const auto client = world.tcp();
  send_message(client, dns_query("chat.example.org"));
  auto first = resolver.accept();
  receive_message(first);
  first.reset();
  const auto second = resolver.accept();
  const auto asked = receive_message(second);
  send_message(second, reply_to(asked, "192.0.2.5"));
  EXPECT_EQ(print(receive_message(client)), "NOERROR 192.0.2.5/60");
}

// Ten queries where four may wait.
bool drops_six(DnsWorld& world) {
  const auto client = world.udp();
  for (std::uint16_t i = 0; i < 10; ++i) {
    const auto query = dns_query("chat.example.org", 1, i);
    ::send(client.get(), query.data(), query.size(), 0);
  }
  return eventually([&] {
    return world.proxy.on_control(
        [&] { return world.proxy.engine().listeners().front().view->stats->dropped.load() == 6; });
  });
}

TEST(Dns, NoMoreQueriesWaitThanTheLimit) {
  const FakeResolver silent;
  DnsWorld world("", silent.address(), "query_timeout = \"60s\"", "sessions = 4");
  EXPECT_TRUE(drops_six(world));
}

TEST(Dns, NoMoreAnswersWaitThanTheLimit) {
  DnsWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"1h\" }", {}, {},
                 "sessions = 4");
  EXPECT_TRUE(drops_six(world));
}

TEST(Dns, BytesThatAreNoQueryGetAnErrorOrNothing) {
  const DnsWorld world("");
  const auto client = world.udp();
  const auto send = [&](codecs::Bytes bytes) {
    ::send(client.get(), bytes.data(), bytes.size(), 0);
    return print(receive_datagram(client, 200ms));
  };
  EXPECT_EQ(send(codecs::Bytes(5)), "(silence)");
  auto no_question = dns_query("chat.example.org");
  no_question[5] = std::byte{0};
  EXPECT_EQ(send(no_question), "FORMERR");
  auto cut = dns_query("chat.example.org");
  cut.resize(20);
  EXPECT_EQ(send(cut), "FORMERR");
  auto response = dns_query("chat.example.org");
  response[2] |= std::byte{0x80};
  EXPECT_EQ(send(response), "(silence)");
  EXPECT_EQ(world.ask("chat.example.org"), kChat);
}

TEST(Dns, AnswersWaitWhileTheRulesChange) {
  const DnsWorld resolver("");
  DnsWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"200ms\" }", resolver.address());
  const auto client = world.udp();
  const auto query = dns_query("chat.example.org");
  ::send(client.get(), query.data(), query.size(), 0);
  world.proxy.reload("");
  EXPECT_EQ(print(receive_datagram(client)), kChat);
}

}  // namespace
}  // namespace brownout::test
