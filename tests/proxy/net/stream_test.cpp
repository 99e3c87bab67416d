// Tests edge cases of connections: half-close, urgent data, large ClientHellos, silent clients, TLS
// failures, and certificates that are about to expire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <fstream>

#include "proxy/tls/contexts.h"
#include "tests/support/files.h"
#include "tests/support/tls_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

std::string events_path() {
  static int made = 0;
  return testing::TempDir() + "brownout-events-" + std::to_string(::getpid()) + "-" +
         std::to_string(made++) + ".jsonl";
}

std::uint64_t matched(ProxyWorld& world) {
  return world.on_control([&] { return world.engine().rules().rules()[0]->state->matched.load(); });
}

TEST(Streams, AHalfClosedClientGetsTheAnswerOnceTheFaultIsGone) {
  const std::string answer(6000, 'a');
  for (const auto* cut : {"\"unplug\"", "\"limit_time\", after = \"0s\", close = \"hang\"",
                          "\"latency\", delay = \"1h\""}) {
    const TestServer server;
    ProxyWorld world(fault(cut, "direction = \"downstream\""), {.servers = server.address()});
    const auto client = world.connect();
    send_all(client, "question");
    ::shutdown(client.get(), SHUT_WR);
    auto upstream = server.accept();
    EXPECT_EQ(receive(upstream).bytes, "question");
    send_all(upstream, answer);
    upstream.reset();
    // The proxy holds the whole answer, and the server has closed its connection.
    ASSERT_TRUE(eventually([&] {
      const auto flows = world.on_control([&] { return world.engine().flows(); });
      return flows.size() == 1 && flows[0].held[1] == answer.size();
    })) << cut;
    world.reload("");
    const auto got = receive(client);
    EXPECT_EQ(got.bytes, answer) << cut;
    EXPECT_EQ(got.ending, Ending::kFin) << cut;
  }
}

TEST(Streams, AHalfClosedClientThatResetsEndsTheFlow) {
  const TestServer server;
  ProxyWorld world(fault("\"unplug\"", "direction = \"downstream\""),
                   {.servers = server.address()});
  auto client = world.connect();
  ::shutdown(client.get(), SHUT_WR);
  server.accept().reset();
  proxy::reset_on_close(client);
  client.reset();
  EXPECT_TRUE(eventually([&] { return world.engine().open_flows() == 0; }));
}

TEST(Streams, UrgentDataStaysInItsPlace) {
  for (const auto* forwarding : {"copy", "splice"}) {
    const TestServer server;
    ProxyWorld world("", {.listener = "forwarding = \"" + std::string(forwarding) + "\"",
                          .servers = server.address()});
    const auto client = world.connect();
    const auto upstream = server.accept();
    proxy::keep_urgent_data(upstream);
    send_all(client, "12");
    EXPECT_EQ(receive(upstream, 2).bytes, "12");
    ASSERT_EQ(::send(client.get(), "ABOR\r\n", 6, MSG_OOB), 6);
    // The client sends no later bytes, because they would wake the loop (edge-triggered epoll).
    EXPECT_EQ(receive(upstream, 6).bytes, "ABOR\r\n") << forwarding;
    ASSERT_EQ(::send(client.get(), "!", 1, MSG_OOB), 1);
    send_all(client, "34");
    ::shutdown(client.get(), SHUT_WR);
    const auto rest = receive(upstream);
    EXPECT_EQ(rest.bytes, "!34") << forwarding;
    EXPECT_EQ(rest.ending, Ending::kFin);
    // Sends urgent data in the other direction, from the server to the client.
    proxy::keep_urgent_data(client);
    ASSERT_EQ(::send(upstream.get(), "x!", 2, MSG_OOB), 2);
    EXPECT_EQ(receive(client, 2).bytes, "x!") << forwarding;
  }
}

// A ClientHello for "big.example" with `size` bytes of padding. Each byte is in a TLS record of its
// own.
std::string hello_in_tiny_records(std::size_t size) {
  const auto number = [](std::size_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  const std::string name = "big.example";
  const auto list = number(0, 1) + number(name.size(), 2) + name;
  const auto sni = number(0, 2) + number(list.size() + 2, 2) + number(list.size(), 2) + list;
  const auto extensions = sni + number(21, 2) + number(size, 2) + std::string(size, '\0');
  const auto body = "\x03\x03" + std::string(32, 'r') + number(0, 1) + number(2, 2) +
                    number(0x1301, 2) + number(1, 1) + number(0, 1) + number(extensions.size(), 2) +
                    extensions;
  const auto message = number(1, 1) + number(body.size(), 3) + body;
  std::string records;
  for (const char byte : message) records += std::string("\x16\x03\x01\0\x01", 5) + byte;
  return records;
}

TEST(Streams, PassesAClientHelloLargerThanTheSocketBuffer) {
  const auto hello = hello_in_tiny_records(60'000);
  ProxyWorld world(fault("\"refuse\"", "sni = \"other.example\""),
                   {.listener = "protocol = \"tls\""});
  const auto client = world.connect();
  std::thread sender([&] { send_all(client, hello); });
  const auto back = receive(client, hello.size());
  sender.join();
  EXPECT_TRUE(back.bytes == hello) << back.bytes.size() << " of " << hello.size();
}

TEST(Streams, ALargeClientHelloIsReadByRulesAndByTls) {
  const auto hello = hello_in_tiny_records(40'000);
  ProxyWorld world(fault("\"tls_alert\", alert = \"internal_error\"", "sni = \"big.example\""),
                   {.listener = "protocol = \"tls\""});
  const auto client = world.connect();
  send_all(client, hello);
  EXPECT_EQ(receive(client, 7).bytes, std::string("\x15\x03\x03\0\x02\x02\x50", 7));
  // OpenSSL receives the hello from its first byte on, so it answers, possibly with an alert.
  const TlsWorld terminated;
  const auto other = terminated.proxy->connect();
  send_all(other, hello);
  EXPECT_EQ(receive(other, 1).bytes.size(), 1U);
}

TEST(Streams, ResetsASilentClientAfterHandshakeTimeout) {
  const TlsWorld ca;
  for (const auto& [keys, missing] : std::vector<std::pair<std::string, std::string>>{
           {"proxy_protocol = true", "no PROXY header"},
           {"protocol = \"tls\"", "no ClientHello"},
           {"tls = { ca = \"" + ca.folder + "\" }", "no ClientHello"}}) {
    const auto path = events_path();
    {
      ProxyWorld world("", {.listener = keys + "\nhandshake_timeout = \"100ms\"", .events = path});
      EXPECT_EQ(receive(world.connect()).ending, Ending::kReset) << keys;
    }
    EXPECT_THAT(read_file(path), HasSubstr("\"event\":\"timeout\"")) << keys;
    EXPECT_THAT(read_file(path), HasSubstr(missing));
    ::unlink(path.c_str());
  }
}

TEST(Streams, ClosesAnUnfinishedHandshakeAfterHandshakeTimeout) {
  TlsWorld ca;
  ca.proxy = std::make_unique<ProxyWorld>(
      "", WorldOptions{.listener =
                           "tls = { ca = \"" + ca.folder + "\" }\nhandshake_timeout = \"100ms\""});
  const auto client = ca.proxy->connect();
  // The client never finishes its handshake; it receives a ServerHello and then the end.
  const tls::CtxPtr context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const tls::SslPtr ssl(SSL_new(context.get()));
  auto* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl.get());
  char* hello = nullptr;
  const auto size = BIO_get_mem_data(out, &hello);
  send_all(client, {hello, static_cast<std::size_t>(size)});
  const auto got = receive(client);
  EXPECT_FALSE(got.bytes.empty());
  EXPECT_NE(got.ending, Ending::kOpen);
}

TEST(Streams, AReloadDuringAdmissionCountsTheClientOnce) {
  ProxyWorld world(fault("\"latency\", delay = \"1ms\""), {.listener = "proxy_protocol = true"});
  const auto client = world.connect();
  ASSERT_TRUE(eventually([&] { return world.engine().open_flows() == 1; }));
  world.reload(fault("\"latency\", delay = \"1ms\""));
  world.reload(fault("\"latency\", delay = \"1ms\""));
  EXPECT_EQ(matched(world), 0U);
  send_all(client, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello");
  EXPECT_EQ(receive(client, 5).bytes, "hello");
  EXPECT_EQ(matched(world), 1U);
}

// The events of connections to an upstream that has no client certificate, but whose server
// requires one. `most` limits the server's TLS version.
std::string events_without_a_certificate(const std::string& most) {
  TlsWorld inner;
  inner.proxy = std::make_unique<ProxyWorld>(
      most.empty() ? "" : fault("\"tls_version\", most = \"" + most + "\""),
      WorldOptions{.listener = "tls = { ca = \"" + inner.folder + "\", client_ca = \"" +
                               inner.folder + "/ca.pem\" }"});
  const auto path = events_path();
  {
    const ProxyWorld outer(
        "", {.servers = "\"" + to_text(inner.proxy->endpoint()) + "\"",
             .upstream = "tls = { ca = \"" + inner.folder + "/ca.pem\", name = \"a.test\" }",
             .events = path});
    const auto client = outer.connect();
    send_all(client, "hello");
    EXPECT_EQ(receive(client).ending, Ending::kReset);
  }
  const auto said = read_file(path);
  ::unlink(path.c_str());
  return said;
}

TEST(Streams, ReportsAServerThatRequiresACertificateWithAlertAndHint) {
  for (const auto* most : {"", "1.2"}) {
    const auto said = events_without_a_certificate(most);
    EXPECT_THAT(said, HasSubstr("with the server"));
    EXPECT_THAT(said, testing::ContainsRegex("alert [a-z_]+ received"));
    EXPECT_THAT(said, HasSubstr("certificate and key in the upstream's tls"));
  }
}

TEST(Streams, ReportsAClientThatRejectsTheCertificateWithAlertAndHint) {
  for (const bool resets : {false, true}) {
    const auto path = events_path();
    TlsWorld world;
    world.proxy = std::make_unique<ProxyWorld>(
        fault("\"bad_certificate\", what = \"unknown_ca\""),
        WorldOptions{.listener = "tls = { ca = \"" + world.folder + "\" }", .events = path});
    EXPECT_NE(world.talk({.resets = resets}), "ok TLSv1.3");
    // The proxy reads the alert after the client has closed the connection.
    EXPECT_TRUE(eventually([&] { return read_file(path).find("alert") != std::string::npos; }));
    world.proxy.reset();
    EXPECT_THAT(read_file(path), HasSubstr("with the client"));
    EXPECT_THAT(read_file(path),
                HasSubstr("alert unknown_ca received (the client rejects the certificate"));
    ::unlink(path.c_str());
  }
}

TEST(Streams, RefusesAHandshakeWithoutACommonAlpn) {
  TlsWorld world;
  world.proxy = std::make_unique<ProxyWorld>(
      "", WorldOptions{.listener = "tls = { ca = \"" + world.folder + "\", alpn = [\"mqtt\"] }"});
  EXPECT_EQ(world.talk({.alpn = "\x02h2"}), "tlsv1 alert no application protocol");
  EXPECT_EQ(world.talk({.alpn = "\x02h2\x04mqtt"}), "ok TLSv1.3");
  EXPECT_EQ(world.talk(), "ok TLSv1.3");
}

// The validity period (from, until) of the certificate that a client gets at `now`.
std::pair<std::time_t, std::time_t> validity(tls::ServerContexts& contexts, rules::Flaw flaw,
                                             std::time_t now) {
  rules::TlsVerdict verdict;
  verdict.flaw = flaw;
  const auto ssl = contexts.session("a.test", verdict, now);
  const auto* certificate = SSL_get_certificate(ssl.get());
  const auto seconds = [](const ASN1_TIME* time) {
    std::tm parts{};
    ASN1_TIME_to_tm(time, &parts);
    return ::timegm(&parts);
  };
  return {seconds(X509_get0_notBefore(certificate)), seconds(X509_get0_notAfter(certificate))};
}

TEST(Streams, RenewsMintedCertificatesBeforeTheirValidityStateChanges) {
  const TlsWorld ca;
  rules::TlsServer config;
  config.ca = ca.folder;
  auto contexts = *tls::ServerContexts::make(config, tls::OfferedHttp::kNone);
  constexpr std::time_t kHour = 3600;
  const auto start = std::time(nullptr);
  const auto first = validity(*contexts, rules::Flaw::kNone, start);
  EXPECT_EQ(validity(*contexts, rules::Flaw::kNone, start + kHour), first);
  // The last step sets the clock back.
  for (const auto hours : {13, 25, 100 * 24, 1000 * 24, 5}) {
    const auto now = start + hours * kHour;
    const auto [from, until] = validity(*contexts, rules::Flaw::kNone, now);
    EXPECT_LT(from, now) << hours;
    EXPECT_GT(until, now + kHour) << hours;
    EXPECT_GT(validity(*contexts, rules::Flaw::kNotYetValid, now).first, now) << hours;
    EXPECT_LT(validity(*contexts, rules::Flaw::kExpired, now).second, now) << hours;
  }
}

TEST(Streams, AReloadReadsAnUpstreamsCaAgain) {
  const TlsWorld inner;
  const TlsWorld stranger;
  const auto trusted = inner.folder + "/trusted.pem";
  const auto trust = [&](const TlsWorld& world) {
    std::filesystem::copy_file(world.folder + "/ca.pem", trusted,
                               std::filesystem::copy_options::overwrite_existing);
  };
  trust(inner);
  ProxyWorld outer("", {.servers = "\"" + to_text(inner.proxy->endpoint()) + "\"",
                        .upstream = "tls = { ca = \"" + trusted + "\", name = \"a.test\" }"});
  EXPECT_GE(round_trip(outer.connect(), "hello"), 0ns);
  trust(stranger);
  EXPECT_GE(round_trip(outer.connect(), "hello"), 0ns);
  outer.reload("");
  EXPECT_EQ(round_trip(outer.connect(), "hello"), -1ns);
  trust(inner);
  outer.reload("");
  EXPECT_GE(round_trip(outer.connect(), "hello"), 0ns);
}

}  // namespace
}  // namespace brownout::test
