// Tests DNS over TLS (RFC 7858) with clients and with resolvers, and handshake faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_world.h"
#include "tests/support/tls_world.h"

namespace brownout::test {
namespace {

// A resolver that serves TLS only, and a listener in front of it that forwards over TLS.
struct DnsOverTls {
  explicit DnsOverTls(const std::string& rules = "", const std::string& upstream = "",
                      const std::string& front_rules = "")
      : resolver(rules, "", "", "tls = { ca = \"" + ca.folder + "\" }"),
        front(front_rules, resolver.address(),
              "query_timeout = \"5s\"\ntls = { ca = \"" + ca.folder + "/ca.pem\"" + upstream +
                  " }") {}
  // OpenSSL's result of a handshake with the resolver. The result is never "ok", because the
  // resolver does not echo.
  std::string handshake() {
    ca.proxy = std::make_unique<ProxyWorld>("", behind(resolver));
    return ca.talk({.patience = 500ms});
  }
  static WorldOptions behind(const DnsWorld& world) {
    WorldOptions options;
    options.servers = world.address();
    return options;
  }

  TlsWorld ca{"", false};
  DnsWorld resolver;
  DnsWorld front;
};

TEST(DnsOverTls, ForwardsQueriesAndAnswers) {
  const DnsOverTls dot;
  EXPECT_EQ(dot.front.ask("chat.example.org"), kChatAnswer);
  EXPECT_EQ(dot.front.ask_tcp("chat.example.org", 28), "NOERROR 2001:db8::1/60");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(dot.front.ask("chat.example.org"), kChatAnswer);
}

TEST(DnsOverTls, TruncatesAnswersTooLargeForAClientsDatagram) {
  const DnsOverTls dot;
  EXPECT_EQ(dot.front.ask("big.example.org"), "NOERROR tc");
  EXPECT_GT(dot.front.ask("big.example.org", 1, 10s, 4096).size(), 600U);
  EXPECT_GT(dot.front.ask_tcp("big.example.org").size(), 600U);
}

TEST(DnsOverTls, AnswersNothingInPlaintext) {
  const DnsOverTls dot;
  const auto udp = dot.resolver.udp();
  send_datagram(udp, dns_query("chat.example.org"));
  EXPECT_EQ(receive(udp).ending, Ending::kReset) << "no socket has this UDP port";
  EXPECT_EQ(dot.resolver.ask_tcp("chat.example.org"), "(silence)");
}

TEST(DnsOverTls, VerifiesTheResolversCertificate) {
  const DnsOverTls named("", ", name = \"resolver.example\"");
  EXPECT_EQ(named.front.ask("chat.example.org"), kChatAnswer);
  const DnsOverTls wrong("[[rule]]\nfault = { type = \"bad_certificate\", what = \"wrong_name\" }");
  EXPECT_EQ(wrong.front.ask("chat.example.org"), "SERVFAIL");
}

TEST(DnsOverTls, RulesOnQueriesActInsideTls) {
  const DnsOverTls dot(
      "[[rule]]\nmatch = { transport = \"tcp\" }\nfault = { type = \"nxdomain\" }");
  EXPECT_EQ(dot.front.ask("chat.example.org"), "NXDOMAIN");
}

TEST(DnsOverTls, HandshakesFailAsTheRulesState) {
  const auto with = [](const std::string& fault) {
    DnsOverTls dot("[[rule]]\nfault = { type = " + fault + " }");
    auto said = dot.handshake();
    EXPECT_EQ(dot.resolver.proxy.injected(), 1U) << fault;
    return said;
  };
  EXPECT_EQ(with("\"tls_alert\", alert = \"internal_error\""), "tlsv1 alert internal error");
  EXPECT_EQ(with("\"bad_certificate\", what = \"expired\""), "certificate has expired");
  EXPECT_EQ(with("\"tls_stop\", after = \"client_hello\", how = \"rst\""), "reset");
  EXPECT_EQ(with("\"tls_stop\", after = \"server_hello\", how = \"hang\""), "nothing comes");
  EXPECT_EQ(with("\"slow_handshake\", delay = \"10s\""), "nothing comes");
}

}  // namespace
}  // namespace brownout::test
