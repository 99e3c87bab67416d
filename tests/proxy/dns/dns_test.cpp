// Tests DNS through a real proxy: forwarding, failover, TCP, spoofed answers, limits, and malformed
// messages.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <thread>

#include "proxy/dns/forwarder.h"
#include "proxy/net/datagrams.h"
#include "tests/support/dns_world.h"

namespace brownout::test {
namespace {

// A UDP resolver whose answers are sent by the test itself.
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
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
  EXPECT_EQ(world.ask_tcp("chat.example.org", 28), "NOERROR 2001:db8::1/60");
}

TEST(Dns, TruncatesALargeAnswerOverUdpAndSendsItWholeOverTcp) {
  const DnsWorld resolver("");
  const DnsWorld world("", resolver.address());
  EXPECT_EQ(world.ask("big.example.org"), "NOERROR tc");
  EXPECT_GT(world.ask("big.example.org", 1, 10s, 4096).size(), 600U);
  EXPECT_GT(world.ask_tcp("big.example.org").size(), 600U);
}

TEST(Dns, KeepsTheQuestionAsTheClientWroteIt) {
  FakeResolver resolver;
  const DnsWorld world("", resolver.address());
  const auto client = world.udp();
  const auto query = dns_query("ChAt.eXample.org");
  ::send(client.get(), query.data(), query.size(), 0);
  const auto asked = resolver.wait();
  // Forwarded queries are equal except for the id, which is random.
  EXPECT_TRUE(std::equal(query.begin() + 2, query.end(), asked.begin() + 2, asked.end()));
  resolver.answer(reply_to(asked, "192.0.2.7"));
  const auto answer = receive_datagram(client);
  ASSERT_GE(answer.size(), query.size());
  EXPECT_TRUE(std::equal(query.begin(), query.begin() + 2, answer.begin()));
  EXPECT_TRUE(std::equal(query.begin() + 12, query.end(), answer.begin() + 12));
}

TEST(Dns, IgnoresSpoofedAnswers) {
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
  wrong_question[13] ^= std::byte{0x01};
  resolver.answer(wrong_question);
  // The answer is correct, but comes from a wrong address.
  const FakeResolver stranger;
  const auto forged = reply_to(asked, "203.0.113.66");
  ::sendto(stranger.socket.get(), forged.data(), forged.size(), 0, resolver.peer.get(),
           resolver.peer.length);
  resolver.answer(reply_to(asked, "192.0.2.1"));
  EXPECT_EQ(print(receive_datagram(client)), "NOERROR 192.0.2.1/60");
}

// Names ignore case: RFC 1035, 2.3.3; RFC 4343. The client receives the resolver's spelling.
TEST(Dns, AcceptsAnswersThatChangeTheCaseOfTheQuestion) {
  FakeResolver resolver;
  const DnsWorld world("", resolver.address());
  const auto client = world.udp();
  const auto query = dns_query("ChAt.eXample.org");
  ::send(client.get(), query.data(), query.size(), 0);
  auto asked = resolver.wait();
  const auto small = dns_query("chat.example.org");
  std::copy(small.begin() + 12, small.end(), asked.begin() + 12);
  resolver.answer(reply_to(asked, "192.0.2.7"));
  const auto answer = receive_datagram(client);
  EXPECT_EQ(print(answer), "NOERROR 192.0.2.7/60");
  EXPECT_TRUE(std::equal(small.begin() + 12, small.end(), answer.begin() + 12));
}

TEST(Dns, DrawsIdsAndPortsAtRandom) {
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

TEST(Dns, FailsOverFromAResolverThatIsGoneOrSilent) {
  const DnsWorld resolver("");
  const DnsWorld silent("[[rule]]\nfault = { type = \"timeout\" }");
  const auto gone = FakeResolver().address();
  const DnsWorld world("", gone + ", " + silent.address() + ", " + resolver.address(),
                       "query_timeout = \"100ms\"");
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
  EXPECT_EQ(world.ask_tcp("chat.example.org"), kChatAnswer);
}

TEST(Dns, AnswersServfailIfNoResolverAnswers) {
  const DnsWorld world("", FakeResolver().address(), "query_timeout = \"100ms\"");
  EXPECT_EQ(world.ask("chat.example.org"), "SERVFAIL");
  EXPECT_EQ(world.ask_tcp("chat.example.org"), "SERVFAIL");
}

TEST(Dns, PipelinesQueriesOverTcp) {
  const DnsWorld resolver("");
  const DnsWorld world(
      "[[rule]]\nmatch = { qtype = \"AAAA\" }\nfault = { type = \"latency\", delay = \"300ms\" }",
      resolver.address());
  const auto client = world.tcp();
  send_message(client, dns_query("chat.example.org", 28, 1));
  send_message(client, dns_query("chat.example.org", 1, 2));
  // The fast answer does not wait for the slow one.
  EXPECT_EQ(codecs::read_dns_header(receive_message(client))->id, 2);
  EXPECT_EQ(codecs::read_dns_header(receive_message(client))->id, 1);
}

TEST(Dns, AnswersManyQueriesThatArriveInPiecesOnOneConnection) {
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
  EXPECT_EQ(print(receive_message(client)), kChatAnswer);
  EXPECT_EQ(receive(client).ending, Ending::kFin);
}

TEST(Dns, RedialsAResolverThatClosesItsConnection) {
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

// Sends ten queries to a listener with a limit of four. Returns whether six of them are dropped.
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

TEST(Dns, DropsQueriesAboveTheLimit) {
  const FakeResolver silent;
  DnsWorld world("", silent.address(), "query_timeout = \"60s\"", "sessions = 4");
  EXPECT_TRUE(drops_six(world));
}

// A connection has 65,536 ids. The forwarder keeps some of them unused, so that it finds a free id
// quickly.
TEST(Dns, ReturnsQueriesIfNoIdIsFree) {
  std::size_t given_back = 0;
  const TestServer silent;
  proxy::Loop loop;
  proxy::DatagramBatch batch;
  rules::Upstream config;
  config.servers = {silent.endpoint()};
  proxy::DnsForwarder forwarder(loop, batch, std::make_shared<proxy::UpstreamGroup>(config, 7),
                                {.answered = [](proxy::DnsQueryPtr, std::span<std::byte>) {},
                                 .answers_over = [] {},
                                 .crowded = [&](proxy::DnsQueryPtr) { ++given_back; }});
  for (int i = 0; i < 60'000; ++i) {
    auto query = std::make_unique<proxy::DnsQuery>();
    query->message = dns_query("chat.example.org");
    query->facts.dns.transport = rules::Transport::kTcp;
    query->facts.ordinal = 1;
    forwarder.forward(std::move(query));
  }
  EXPECT_GT(forwarder.in_flight(), 32'768U);
  EXPECT_LT(forwarder.in_flight(), 65'536U);
  EXPECT_EQ(forwarder.in_flight() + given_back, 60'000U);
}

// The query waits for the old servers during both reloads, and is then sent to the new servers.
TEST(Dns, ATcpClientSurvivesTwoReloadsThatChangeTheServers) {
  const TestServer silent;
  const DnsWorld resolver("");
  DnsWorld world("");
  const auto servers = [](const std::string& address, const std::string& timeout) {
    return lab_zone() + "[[upstream]]\nname = \"others\"\nservers = [" + address +
           "]\nquery_timeout = \"" + timeout +
           "\"\n[[listener]]\nname = \"second\"\nlisten = \"127.0.0.1:0\"\nprotocol = "
           "\"dns\"\nupstream = \"others\"\n";
  };
  world.proxy.reload(servers(silent.address(), "60s"));
  const auto endpoint =
      world.proxy.on_control([&] { return world.proxy.engine().bound("second"); });
  const auto client = proxy::connect_to(endpoint);
  send_message(client, dns_query("chat.example.org"));
  const auto asked = silent.accept();
  EXPECT_FALSE(receive_message(asked).empty());
  world.proxy.reload(servers(silent.address(), "59s"));
  world.proxy.reload(servers(resolver.address(), "58s"));
  EXPECT_EQ(print(receive_message(client)), kChatAnswer);
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(receive(client).ending, Ending::kFin);
}

TEST(Dns, DropsDelayedAnswersAboveTheLimit) {
  DnsWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"1h\" }", {}, {},
                 "sessions = 4");
  EXPECT_TRUE(drops_six(world));
}

TEST(Dns, AnswersMalformedQueriesWithAnErrorOrNotAtAll) {
  const DnsWorld world("");
  const auto client = world.udp();
  // Sends these bytes and then a valid query, which must be answered. Returns the first answer.
  const auto send = [&](const codecs::Bytes& bytes) {
    send_datagram(client, bytes);
    send_datagram(client, dns_query("chat.example.org"));
    const auto first = print(receive_datagram(client));
    if (first != kChatAnswer) {
      EXPECT_EQ(print(receive_datagram(client)), kChatAnswer);
    }
    return first;
  };
  EXPECT_EQ(send(codecs::Bytes(5)), kChatAnswer);
  auto no_question = dns_query("chat.example.org");
  no_question[5] = std::byte{0};
  EXPECT_EQ(send(no_question), "FORMERR");
  auto cut = dns_query("chat.example.org");
  cut.resize(20);
  EXPECT_EQ(send(cut), "FORMERR");
  auto response = dns_query("chat.example.org");
  response[2] |= std::byte{0x80};
  EXPECT_EQ(send(response), kChatAnswer);
  EXPECT_EQ(world.ask("chat.example.org"), kChatAnswer);
}

// A zone can be neither transferred nor changed, and the response code must say so.
TEST(Dns, AZoneRefusesTransfersNotificationsAndUpdates) {
  const auto ask = [](const DnsWorld& world, const std::string& name, std::uint16_t type,
                      int opcode = 0) {
    auto query = dns_query(name, type);
    query[2] |= static_cast<std::byte>(opcode << 3);
    const auto udp = world.udp();
    ::send(udp.get(), query.data(), query.size(), 0);
    const auto over_udp = receive_datagram(udp);
    const auto tcp = world.tcp();
    send_message(tcp, query);
    const auto over_tcp = receive_message(tcp);
    EXPECT_EQ(print(over_udp), print(over_tcp));
    EXPECT_EQ(codecs::read_dns_header(over_tcp)->opcode, opcode);
    return print(over_tcp);
  };
  DnsWorld world("");
  for (const auto type : {std::uint16_t{251}, std::uint16_t{252}}) {  // IXFR, AXFR
    EXPECT_EQ(ask(world, "chat.example.org", type), "NOTAUTH");
  }
  for (const int opcode : {1, 2, 4, 5, 6}) {  // NOTIFY is 4, UPDATE is 5
    EXPECT_EQ(ask(world, "chat.example.org", 6, opcode), "NOTIMP") << opcode;
  }
  EXPECT_EQ(ask(world, "chat.example.org", 1), kChatAnswer);
}

// RFC 6891, 6.1.3. The listener with a zone answers BADVERS itself. The other listener forwards
// that answer.
TEST(Dns, AnswersBadversToUnknownEdnsVersions) {
  const DnsWorld zone("");
  const DnsWorld forwarding("", zone.address());
  for (const auto* world : {&zone, &forwarding}) {
    for (const int version : {0, 1, 255}) {
      auto query = dns_query("chat.example.org", 1, 0x1234, 1232);
      query[query.size() - 5] = static_cast<std::byte>(version);
      const auto client = world->udp();
      send_datagram(client, query);
      const auto answer = receive_datagram(client);
      EXPECT_EQ(print(answer), version == 0 ? kChatAnswer : "BADVERS") << version;
      EXPECT_EQ(codecs::edns_version(answer), 0) << "the highest that is known here";
    }
  }
}

TEST(Dns, ADelayedAnswerSurvivesAChangeOfTheRules) {
  const DnsWorld resolver("");
  DnsWorld world("[[rule]]\nfault = { type = \"latency\", delay = \"200ms\" }", resolver.address());
  const auto client = world.udp();
  const auto query = dns_query("chat.example.org");
  ::send(client.get(), query.data(), query.size(), 0);
  world.proxy.reload("");
  EXPECT_EQ(print(receive_datagram(client)), kChatAnswer);
}

}  // namespace
}  // namespace brownout::test
