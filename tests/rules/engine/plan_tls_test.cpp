// Tests which TLS connections are decrypted: those that a rule inside TLS means, and no others.
#include "rules/engine/plan_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/ask.h"
#include "rules/language/decrypted.h"
#include "rules/language/default_listeners.h"
#include "rules/language/load_toml.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

// A file as `brownout exec` reads it, and clients of its listener "tls".
class DecryptedWorld {
 public:
  explicit DecryptedWorld(const std::string& text) {
    auto read = rules::read_config(
        rules::with_default_listeners(*rules::parse_toml("version = 1\n" + text)));
    for (const auto& problem : read ? std::vector<rules::Diagnostic>() : read.error().sorted()) {
      ADD_FAILURE() << problem.what;
    }
    if (read) config = std::move(*read);
    set = rules::RuleSet::activate(config.rules, 1, Instant{});
  }

  // The name of the rule for which a client that sends this SNI is decrypted; "" if none is.
  std::string asks_for(const std::string& sni, std::vector<std::string> alpn = {},
                       rules::Protocol inside = rules::Protocol::kHttp) {
    rules::ClientHello hello;
    hello.sni = sni;
    hello.alpn = std::move(alpn);
    auto flow = client();
    flow.hello = &hello;
    const auto plan = rules::plan_tls(*set, flow, inside);
    return plan.decrypts() ? plan.rule->name : "";
  }
  rules::FlowFacts client() const {
    auto flow = flow_of(1, "10.0.0.1");
    flow.listener = "tls";
    flow.intercepted = true;
    flow.destination = rules::IpAddress::parse("192.0.2.1");
    flow.destination_port = 443;
    return flow;
  }
  bool decrypts() const {
    for (const auto& listener : config.listeners) {
      if (may_decrypt(config, listener)) return true;
    }
    return false;
  }

  rules::Config config;
  std::shared_ptr<const rules::RuleSet> set;
};

std::string tls_rule(const std::string& match, const std::string& fault) {
  return "[[rule]]\nname = \"r\"\nmatch = { " + match + " }\nfault = { type = \"" + fault + " }\n";
}

const std::string kAbort = "abort\", status = 503";
const std::string kLate = "latency\", delay = \"1ms\"";

TEST(PlanTls, DecryptsOnlyHostsThatARuleOnRequestsAdmits) {
  DecryptedWorld world(tls_rule("host = \"api.test\", path = \"/v1\"", kAbort));
  EXPECT_TRUE(world.decrypts());
  EXPECT_EQ(world.asks_for("api.test"), "r");
  EXPECT_EQ(world.asks_for("other.test"), "");
  EXPECT_EQ(world.asks_for(""), "");
}

TEST(PlanTls, ARuleOnRequestsWithoutHostMeansEveryHost) {
  EXPECT_EQ(DecryptedWorld(tls_rule("path = \"/v1\"", kAbort)).asks_for("any.test"), "r");
  EXPECT_EQ(
      DecryptedWorld(tls_rule("method = \"GET\"", "delay\", delay = \"1s\"")).asks_for("a.test"),
      "r");
}

TEST(PlanTls, RulesOnBytesNamesAndPlainListenersDecryptNothing) {
  for (const auto& text :
       {tls_rule("host = \"api.test\"", kLate), tls_rule("host = \"api.test\"", "refuse\""),
        tls_rule("qname = \"api.test\"", "servfail\""),
        tls_rule("sni = \"api.test\"", "tls_stop\""),
        tls_rule("qname = \"api.test\"", "delay\", delay = \"1s\""),
        tls_rule("listener = \"http\", path = \"/\"", kAbort), std::string()}) {
    DecryptedWorld world(text);
    EXPECT_EQ(world.asks_for("api.test"), "") << text;
    EXPECT_FALSE(world.decrypts()) << text;
  }
}

TEST(PlanTls, TheOtherKeysOfTheMatchNarrowTheHosts) {
  EXPECT_EQ(DecryptedWorld(tls_rule("port = 8443, path = \"/\"", kAbort)).asks_for("a.test"), "");
  EXPECT_EQ(DecryptedWorld(tls_rule("port = 443, path = \"/\"", kAbort)).asks_for("a.test"), "r");
  EXPECT_EQ(
      DecryptedWorld(tls_rule("client = \"10.9.0.0/16\", path = \"/\"", kAbort)).asks_for("a.test"),
      "");
  DecryptedWorld by_sni(tls_rule("sni = \"*.test\", path = \"/\"", kAbort));
  EXPECT_EQ(by_sni.asks_for("a.test"), "r");
  EXPECT_EQ(by_sni.asks_for("a.example"), "");
}

TEST(PlanTls, TheSniCountsBeforeOtherNamesOfTheAddress) {
  DecryptedWorld world(tls_rule("host = \"api.test\", path = \"/\"", kAbort));
  rules::ClientHello hello;
  auto flow = world.client();
  flow.hello = &hello;
  flow.names = std::make_shared<const std::vector<std::string>>(1, "api.test");
  EXPECT_TRUE(rules::plan_tls(*world.set, flow, rules::Protocol::kHttp).decrypts());
  hello.sni = "b.test";
  EXPECT_FALSE(rules::plan_tls(*world.set, flow, rules::Protocol::kHttp).decrypts());
}

TEST(PlanTls, ClientsOfUnknownProtocolsStayEncrypted) {
  DecryptedWorld world(tls_rule("path = \"/\"", kAbort));
  EXPECT_EQ(world.asks_for("a.test", {"h2", "http/1.1"}), "r");
  EXPECT_EQ(world.asks_for("a.test", {"h2"}), "r");
  EXPECT_EQ(world.asks_for("a.test", {"mqtt"}), "");
}

TEST(PlanTls, AFaultOfTheCertificateDecrypts) {
  DecryptedWorld world(tls_rule("sni = \"api.test\"", "bad_certificate\", what = \"expired\""));
  EXPECT_EQ(world.asks_for("api.test"), "r");
  EXPECT_EQ(world.asks_for("other.test"), "");
}

TEST(PlanTls, MessagesOfTheProtocolInsideDecrypt) {
  const auto mqtt = *rules::Protocol::named("mqtt");
  const std::string listener =
      "[[listener]]\nname = \"tls\"\nprotocol = \"mqtt\"\nlisten = \"127.0.0.1:0\"\n"
      "intercept = \"redirect\"\nports = [8883]\ntls = {}\n";
  DecryptedWorld topics(listener + tls_rule("topic = \"a/#\"", "drop\""));
  EXPECT_TRUE(topics.decrypts());
  EXPECT_EQ(topics.asks_for("broker.test", {}, mqtt), "r");
  DecryptedWorld requests(listener + tls_rule("path = \"/\"", kAbort));
  EXPECT_EQ(requests.asks_for("broker.test", {}, mqtt), "");
}

TEST(PlanTls, BeforeTheHelloANameDecidesAndAnUnknownNameDoesNot) {
  DecryptedWorld world(tls_rule("host = \"api.test\", path = \"/\"", kAbort));
  auto flow = world.client();
  EXPECT_TRUE(rules::may_decrypt(*world.set, flow, rules::Protocol::kHttp));
  flow.names = std::make_shared<const std::vector<std::string>>(1, "b.test");
  EXPECT_FALSE(rules::may_decrypt(*world.set, flow, rules::Protocol::kHttp));
  flow.names = std::make_shared<const std::vector<std::string>>(1, "api.test");
  EXPECT_TRUE(rules::may_decrypt(*world.set, flow, rules::Protocol::kHttp));
}

// RFC 6066, section 3: a client that connects to an address sends no SNI.
TEST(PlanTls, AnAddressIsAHostWithoutSni) {
  DecryptedWorld world(tls_rule("host = \"192.0.2.1\", path = \"/v1\"", kAbort));
  EXPECT_EQ(world.asks_for(""), "r");
  EXPECT_EQ(world.asks_for("api.test"), "") << "the SNI decides";
  DecryptedWorld other(tls_rule("host = \"192.0.2.2\", path = \"/v1\"", kAbort));
  EXPECT_EQ(other.asks_for(""), "");
  const auto says = [&](DecryptedWorld& of) {
    rules::Asked asked;
    asked.listener = "tls";
    asked.url = "https://192.0.2.1/v1";
    return rules::explain_tls(of.config, (*rules::pose(of.config, asked))->question);
  };
  EXPECT_THAT(says(world), HasSubstr("is decrypted: rule \"r\""));
  EXPECT_THAT(says(other), HasSubstr("passes through encrypted"));
}

TEST(PlanTls, ExplainSaysWhetherAHostIsDecrypted) {
  DecryptedWorld world(tls_rule("host = \"api.test\", path = \"/v1\"", kAbort));
  const auto says = [&](const std::string& listener, const std::string& url,
                        const std::string& sni = "", const std::string& alpn = "") {
    rules::Asked asked;
    asked.listener = listener;
    asked.url = url;
    asked.sni = sni;
    asked.alpn = alpn;
    const auto posed = rules::pose(world.config, asked);
    return posed ? rules::explain_tls(world.config, (*posed)->question) : posed.error().what;
  };
  EXPECT_EQ(says("tls", "https://api.test/v1"),
            "is decrypted: rule \"r\" acts inside TLS and matches this host");
  EXPECT_THAT(says("tls", "", "b.test"), HasSubstr("passes through encrypted: no rule"));
  EXPECT_THAT(says("tls", "", "api.test", "mqtt"), HasSubstr("neither HTTP/2 nor HTTP/1"));
  EXPECT_THAT(says("tls", ""), HasSubstr("give --sni"));
  EXPECT_EQ(says("http", "http://api.test/v1"), "");
}

std::string tls_mistake(const std::string& keys) {
  const auto config =
      rules::load_toml("version = 1\n[[listener]]\nlisten = \"127.0.0.1:0\"\n" + keys);
  return config ? "" : config.error().sorted().front().what;
}

TEST(PlanTls, DecryptionNeedsACaAndAProtocol) {
  const std::string proxy = "protocol = \"proxy\"\n";
  EXPECT_EQ(tls_mistake(proxy + "tls = { ca = \"ca\" }"), "");
  EXPECT_EQ(tls_mistake(proxy + "tls = { ca = \"ca\" }\ntls_failure = \"pass\""), "");
  EXPECT_EQ(tls_mistake(proxy + "tls = {}\nupstream_tls = { verify = false }"), "");
  EXPECT_THAT(tls_mistake(proxy + "tls_failure = \"pass\""), HasSubstr("tls_failure is only for"));
  EXPECT_THAT(tls_mistake(proxy + "tls = { certificate = \"a\", key = \"b\" }"),
              HasSubstr("are not possible here"));
  EXPECT_THAT(tls_mistake(proxy + "tls = {}\nupstream_tls = { name = \"a\" }"),
              HasSubstr("upstream_tls"));
  EXPECT_THAT(tls_mistake("intercept = \"redirect\"\nprotocol = \"dns\"\ntls = {}"),
              HasSubstr("dns"));
}

}  // namespace
}  // namespace brownout::test
