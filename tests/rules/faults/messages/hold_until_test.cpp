#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/message_lab.h"
#include "tests/support/mqtt_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::MqttType;
using std::chrono::seconds;

const std::string kUntilPing = R"([[rule]]
match = { topic = "a" }
fault = { type = "hold_until", passes = { packet = "pingreq" }, most = "30s" })";

TEST(HoldUntil, AMessageWaitsUntilAnotherHasOvertakenIt) {
  MqttLab lab(kUntilPing);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"), "1");
  lab.from_client(MqttLab::publish("a"), "2");
  lab.from_client(MqttLab::publish("b"), "3");
  EXPECT_EQ(lab.at_server(), "publish b q0 3\n");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "pingreq\npublish a q0 1\npublish a q0 2\n");
  lab.from_client(MqttLab::publish("a"));
  EXPECT_EQ(lab.at_server(), "");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "pingreq\npublish a q0\n") << "without a payload, too";
}

TEST(HoldUntil, AMessageWaitsNoLongerThanMost) {
  MqttLab lab(kUntilPing);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"), "1");
  lab.pass(seconds(29));
  EXPECT_EQ(lab.at_server(), "");
  lab.pass(seconds(1));
  EXPECT_EQ(lab.at_server(), "publish a q0 1\n");
}

TEST(HoldUntil, HeldMessagesLeaveWhenTheRuleEndsAndBeforeADisconnect) {
  MqttLab lab(kUntilPing);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"), "1");
  lab.from_client(MqttLab::answer(MqttType::kDisconnect));
  EXPECT_EQ(lab.at_server(), "publish a q0 1\ndisconnect\n");
  MqttLab other(kUntilPing);
  other.from_client(MqttLab::connect(rules::kMqtt311));
  other.at_server();
  other.from_client(MqttLab::publish("a"), "1");
  other.set_rules("");
  EXPECT_EQ(other.at_server(), "publish a q0 1\n");
}

TEST(HoldUntil, AllMessagesExceptTheAwaitedOneAreHeld) {
  MessageLab lab("framed", R"([[rule]]
match = { direction = "upstream" }
fault = { type = "hold_until", passes = { kind = "COMMIT" } })",
                 R"=(framing = { delimiter = "\n", kind = "^([A-Z]+)" })=");
  lab.from_client("PUT 1\nPUT 2\n");
  EXPECT_EQ(lab.at_server(), "");
  lab.from_client("COMMIT\n");
  EXPECT_EQ(lab.at_server(), "COMMIT\nPUT 1\nPUT 2\n");
}

TEST(HoldUntil, ADnsAnswerWaitsUntilAnotherOfItsClientHasLeft) {
  DnsLab lab(R"([[rule]]
match = { qname = "a.example.org" }
fault = { type = "hold_until", passes = { qname = "b.example.org" }, most = "30s" })");
  EXPECT_EQ(lab.ask("a.example.org"), "(held)");
  EXPECT_EQ(lab.ask("a.example.org"), "(held)");
  EXPECT_EQ(lab.ask("c.example.org"), "NOERROR");
  EXPECT_EQ(lab.ask("b.example.org", {.client = "10.9.9.9"}), "NOERROR");
  EXPECT_EQ(lab.left(), "") << "another client's";
  EXPECT_EQ(lab.ask("b.example.org"), "NOERROR");
  EXPECT_EQ(lab.left(), "a.example.org a.example.org");
  EXPECT_EQ(lab.notes(), "hold\nhold\n");
  EXPECT_EQ(lab.ask("a.example.org", {.at = seconds(10)}), "(held)");
  EXPECT_EQ(lab.left(seconds(39)), "");
  EXPECT_EQ(lab.left(seconds(40)), "a.example.org");
}

TEST(HoldUntil, ALostDnsAnswerReleasesNothing) {
  DnsLab lab(R"([[rule]]
match = { qname = "b.example.org", first = 1 }
fault = { type = "drop" }

[[rule]]
fault = { type = "hold_until", passes = { qname = "b.example.org" } })");
  EXPECT_EQ(lab.ask("a.example.org"), "(held)");
  EXPECT_EQ(lab.ask("b.example.org"), "(silence)");
  EXPECT_EQ(lab.left(), "");
  EXPECT_EQ(lab.ask("b.example.org"), "NOERROR")
      << "the passing query is never held, although the rule matches it";
  EXPECT_EQ(lab.left(), "a.example.org");
}

TEST(HoldUntil, ADnsAnswerIsReleasedWhenTheRuleEnds) {
  DnsLab lab(R"([[rule]]
duration = "20s"
fault = { type = "hold_until", passes = { qname = "b.example.org" } })");
  EXPECT_EQ(lab.ask("a.example.org"), "(held)");
  EXPECT_EQ(lab.left(seconds(19)), "");
  EXPECT_EQ(lab.left(seconds(20)), "a.example.org");
  EXPECT_EQ(lab.ask("a.example.org", {.at = seconds(21)}), "NOERROR");
}

constexpr std::string_view kHost = " HTTP/1.1\r\nHost: a\r\n\r\n";

std::string get(std::string_view path) { return "GET " + std::string(path) + std::string(kHost); }

const std::string kUntilLogin = R"([[rule]]
match = { path = "/inbox" }
fault = { type = "hold_until", passes = { path = "/login" }, most = "30s" })";

TEST(HoldUntil, ARequestWaitsUntilAnotherOfItsClientHasPassed) {
  HttpLab inbox(kUntilLogin);
  HttpLab login(inbox);
  inbox.client(get("/inbox"));
  EXPECT_EQ(inbox.to_server_bytes(), "");
  EXPECT_EQ(login.get("/other"), "200 hello");
  inbox.advance(seconds(1));
  EXPECT_EQ(inbox.to_server_bytes(), "");
  login.client(get("/login"));
  inbox.advance({});
  EXPECT_EQ(inbox.to_server_bytes(), get("/inbox"));
  EXPECT_EQ(inbox.notes(), "hold\n");
  HttpLab alone(kUntilLogin);
  EXPECT_EQ(alone.get("/inbox"), "+30s 200 hello") << "not longer than its most";
}

TEST(HoldUntil, ARequestWaitsUntilAResponseOfItsClientHasPassed) {
  HttpLab inbox(R"([[rule]]
match = { path = "/inbox" }
fault = { type = "hold_until", passes = { path = "/login", status = 200 } })");
  HttpLab login(inbox);
  login.reply.reset();
  inbox.client(get("/inbox"));
  login.client(get("/login"));
  inbox.advance({});
  EXPECT_EQ(inbox.to_server_bytes(), "");
  login.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  inbox.advance({});
  EXPECT_EQ(inbox.to_server_bytes(), get("/inbox"));
}

TEST(HoldUntil, AResponseWaitsUntilAnotherRequestHasPassed) {
  HttpLab inbox(R"([[rule]]
match = { path = "/inbox", direction = "downstream" }
fault = { type = "hold_until", passes = { path = "/login" } })");
  HttpLab login(inbox);
  inbox.client(get("/inbox"));
  EXPECT_EQ(inbox.to_server_bytes(), get("/inbox"));
  EXPECT_EQ(inbox.to_client_bytes(), "");
  EXPECT_EQ(login.get("/login"), "200 hello");
  inbox.advance({});
  EXPECT_THAT(inbox.to_client_bytes(), testing::EndsWith("hello"));
}

TEST(HoldUntil, TheResponseRateCountsFromTheRelease) {
  HttpLab inbox(R"([[rule]]
match = { path = "/inbox", direction = "downstream" }
fault = { type = "hold_until", passes = { path = "/login" } }

[[rule]]
match = { path = "/inbox" }
fault = { type = "response_rate", rate = "1 B/s" })");
  HttpLab login(inbox);
  inbox.client(get("/inbox"));
  inbox.advance(seconds(20));
  login.client(get("/login"));
  inbox.advance(seconds(2));
  EXPECT_THAT(inbox.to_client_bytes(), testing::Not(testing::EndsWith("hello")));
  inbox.advance(seconds(4));
  EXPECT_THAT(inbox.to_client_bytes(), testing::EndsWith("hello"));
}

TEST(HoldUntil, ARequestIsReleasedWhenTheRuleEnds) {
  HttpLab inbox(kUntilLogin);
  inbox.client(get("/inbox"));
  inbox.reload("");
  EXPECT_EQ(inbox.to_server_bytes(), get("/inbox"));
}

TEST(HoldUntil, TheDelayOfAnotherRuleAppliesToo) {
  HttpLab inbox(
      kUntilLogin +
      "\n[[rule]]\nmatch = { path = \"/inbox\" }\nfault = { type = \"delay\", delay = \"2s\" }");
  HttpLab login(inbox);
  inbox.client(get("/inbox"));
  login.client(get("/login"));
  inbox.advance(seconds(1));
  EXPECT_EQ(inbox.to_server_bytes(), "");
  inbox.advance(seconds(1));
  EXPECT_EQ(inbox.to_server_bytes(), get("/inbox"));
}

TEST(HoldUntil, HoldsMessagesOfTheKindThatItAwaits) {
  const auto problem = [](const std::string& passes, const std::string& protocol,
                          const std::string& match = "") {
    return first_problem_of(
        "[[rule]]\n" + match + "fault = { type = \"hold_until\", passes = { " + passes + " } }",
        protocol);
  };
  EXPECT_EQ(problem("qname = \"a\"", "dns"), "");
  EXPECT_EQ(problem("host = \"a\"", "http"), "");
  EXPECT_EQ(problem("path = \"/a\"", "websocket"), "");
  EXPECT_EQ(
      problem("qname = \"a\"", "http"),
      "fault \"hold_until\" with these settings does not act on listener \"chat\", which is http");
  EXPECT_EQ(
      problem("path = \"/a\"", "mqtt"),
      "fault \"hold_until\" with these settings does not act on listener \"chat\", which is mqtt");
  EXPECT_EQ(problem("path = \"/a\", qname = \"b\"", "http"), "passes has keys of two protocols");
  EXPECT_EQ(problem("path = \"/a\", sni = \"a\"", "http"),
            "passes has keys of TLS handshakes, but hold_until waits for a message");
  // The path of the opening request selects the messages after it.
  EXPECT_EQ(problem("text = \"a\"", "websocket", "match = { path = \"/a\" }\n"), "");
  EXPECT_EQ(problem("verb = \"ping\"", "nats", "match = { path = \"/a\" }\n"),
            "fault \"hold_until\" with these settings does not act on HTTP requests");
  EXPECT_EQ(problem("path = \"/a\"", "websocket", "match = { text = \"a\" }\n"),
            "fault \"hold_until\" with these settings does not act on messages");
  EXPECT_EQ(problem("qname = \"a\"", "dns", "match = { direction = \"upstream\" }\n"),
            "fault \"hold_until\" acts on answers of DNS, which go downstream");
}

TEST(HoldUntil, PassesMustDescribeOneMessage) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"hold_until\" }", "mqtt"),
            "fault \"hold_until\" needs \"passes\", the awaited message");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"hold_until\", passes = {} }", "mqtt"),
            "passes has no key that selects a message, request or query");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"hold_until\", passes = { topic = "
                             "\"a\", first = 1 } }",
                             "mqtt"),
            "first does not describe one message");
}

}  // namespace
}  // namespace brownout::test
