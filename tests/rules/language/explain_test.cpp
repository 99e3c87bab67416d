// Tests the explanation of which rules act on the messages of a connection, and why others do not.
#include "rules/language/explain.h"

#include <gtest/gtest.h>

#include "rules/protocols/mqtt/mqtt_message.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

const std::string kRules = R"([[rule]]
name = "topic"
match = { topic = "chat/#" }
fault = { type = "drop" }
[[rule]]
name = "acks"
match = { packet = "puback", after = 10 }
probability = "5%"
per = "message"
fault = { type = "ack_loss" }
[[rule]]
name = "bytes"
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "all"
match = { direction = "downstream" }
fault = { type = "delay", delay = "1s" })";

// One line "name: reason" for each rule; a star marks rules that act.
std::string answers(const std::optional<rules::Message>& message, const std::string& payload = "") {
  const auto config = config_of(kRules, "mqtt");
  rules::Question question{.flow = flow_of(1), .message = message, .payload = payload, .seed = 1};
  question.flow.message_protocols = config.listeners.front().protocol.messages();
  std::string text;
  for (const auto& answer : rules::explain(config, question)) {
    text += (answer.acts ? "* " : "- ") + answer.rule + ": " + answer.why + "\n";
  }
  return text;
}

// The explanation of a drop rule on a listener with this protocol, for messages or for a request.
std::string drops(const std::string& keys, const std::string& protocol, bool request) {
  const auto config = config_of("[[rule]]\n" + keys + "\nfault = { type = \"drop\" }", protocol);
  rules::Question question{.flow = flow_of(1), .message = {}, .payload = {}, .seed = 1};
  question.flow.message_protocols = config.listeners.front().protocol.messages();
  const rules::HttpExchange exchange;
  if (request) {
    question.flow.carrier = rules::Carrier::kHttp;
    question.flow.http = &exchange;
  }
  return rules::explain(config, question).front().why;
}

rules::Message packet(rules::MqttType type, const std::string& topic = "") {
  return {.protocol = &rules::MqttMessage::protocol(),
          .view = std::make_shared<const rules::MqttMessage>(rules::MqttPacket{.type = type},
                                                             nullptr, topic)};
}

// The explanation of a rule that matches the server, for a connection to this address and port.
std::string of_server(const std::string& match, const std::string& address, std::uint16_t port) {
  const auto config =
      config_of("[[rule]]\nmatch = { " + match + " }\nfault = { type = \"refuse\" }");
  rules::Question question{.flow = flow_of(1), .message = {}, .payload = {}, .seed = 1};
  question.flow.destination = rules::IpAddress::parse(address);
  question.flow.destination_port = port;
  return rules::explain(config, question).front().why;
}

TEST(Explain, ListsDisabledRulesInTheirPlace) {
  const auto config = config_of(R"([[rule]]
name = "off"
enabled = false
fault = { type = "refuse" }
[[rule]]
name = "on"
fault = { type = "latency", delay = "1ms" })");
  const auto answers =
      rules::explain(config, {.flow = flow_of(1), .message = {}, .payload = {}, .seed = 1});
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].rule + ": " + answers[0].why, "off: it is disabled");
  EXPECT_EQ(answers[1].rule, "on");
}

TEST(Explain, ARuleOfAPresetHasItsFigureAndTheSource) {
  const auto config = config_of("[[rule]]\nname = \"net\"\npreset = \"comcast-starlink\"");
  const rules::Question question{.flow = flow_of(1), .message = {}, .payload = {}, .seed = 1};
  EXPECT_EQ(rules::explain(config, question).back().why,
            "it acts in both directions; 2.5% of packets lost by preset comcast-starlink (Comcast "
            "(tylertreat), its delay taken as the round trip)");
}

TEST(Explain, ARuleForAServerAsksForAMissingDestination) {
  EXPECT_EQ(of_server("port = 5432", "", 5432), "it acts on the new connection");
  EXPECT_EQ(of_server("port = 5433", "", 5432), "it is for port 5433, not 5432");
  EXPECT_EQ(of_server("port = 5433", "", 0),
            "it is for port 5433 of the server: give --destination");
  const std::string network = "destination = \"10.0.0.0/8\"";
  EXPECT_EQ(of_server(network, "", 5432), "it is for destination 10.0.0.0/8: give --destination");
  EXPECT_EQ(of_server(network, "192.0.2.1", 5432),
            "it is for destination 10.0.0.0/8, not 192.0.2.1");
}

TEST(Explain, WithoutAMessageRulesOnMessagesMayAct) {
  EXPECT_EQ(
      answers({}),
      "* topic: it acts on messages, in both directions; to check a message, give --topic\n"
      "* acks: it acts on messages, in both directions with a chance of 5% per message; to check a "
      "message, give --packet; first, after and every count messages\n"
      "* bytes: it acts in both directions\n"
      "* all: it acts on messages, downstream only\n");
}

TEST(Explain, AMessageSelectsTheRulesThatMatchIt) {
  EXPECT_EQ(answers(packet(rules::MqttType::kPublish, "chat/ann")),
            "* topic: it acts on messages, in both directions\n"
            "- acks: its `packet` does not match the message\n"
            "* bytes: it acts in both directions\n"
            "* all: it acts on messages, downstream only\n");
  EXPECT_EQ(answers(packet(rules::MqttType::kPuback)),
            "- topic: its `topic` needs a message with a topic: give --topic\n"
            "* acks: it acts on messages, in both directions with a chance of 5% per message; "
            "first, after and every count messages\n"
            "* bytes: it acts in both directions\n"
            "* all: it acts on messages, downstream only\n");
}

TEST(Explain, SaysWhatARuleCounts) {
  const auto first = [](const std::string& keys) {
    return drops("match = { first = 1" + keys + " }", "http", true);
  };
  EXPECT_EQ(first(""), "it acts on the request; first, after and every count requests");
  EXPECT_EQ(first(", count_per = \"client\""),
            "it acts on the request; first, after and every count requests of each client");
  EXPECT_EQ(first(", count = \"connection\""),
            "it acts on the request; first, after and every count connections");
  EXPECT_EQ(drops("match = { after = 1 }", "http", true),
            "request 1 is not selected; first, after and every count requests");
  EXPECT_EQ(drops("match = { after = 1, count = \"connection\" }", "mqtt", false),
            "connection 1 is not selected; first, after and every count connections");
}

TEST(Explain, FaultsOnMessagesActOnRequestsIfTheProtocolHasNoMessages) {
  const std::string messages = "it acts on messages, in both directions";
  EXPECT_EQ(drops("", "http", true), "it acts on the request");
  EXPECT_EQ(drops("", "websocket", true), messages);
  EXPECT_EQ(drops("match = { direction = \"downstream\" }", "http", true),
            "it acts on the response");
  EXPECT_EQ(drops("per = \"request\"", "websocket", true), "it acts on the request");
  EXPECT_EQ(drops("per = \"request\"", "websocket", false),
            "it acts on requests, not on the connection (per = \"request\")");
  EXPECT_EQ(drops("", "mqtt", false), messages);
  const std::string half = "probability = \"50%\"\nper = \"message\"";
  EXPECT_EQ(drops(half, "mqtt", false), messages + " with a chance of 50% per message");
  EXPECT_EQ(drops(half, "http", true).find("the random draw"), 0U) << "a request is one message";
}

TEST(Explain, SettingsLimitTheTrafficThatAFaultActsOn) {
  const auto config =
      config_of("[[rule]]\nfault = { type = \"hold_until\", passes = { qtype = \"A\" } }", "dns");
  rules::Question question{.flow = flow_of(1, "10.1.2.3", rules::Carrier::kDns),
                           .message = {},
                           .payload = {},
                           .seed = 1};
  EXPECT_EQ(rules::explain(config, question).front().why, "it acts on the answer");
  question.flow.carrier = rules::Carrier::kStream;
  EXPECT_EQ(rules::explain(config, question).front().why, "it acts on DNS queries");
}

// In a running proxy, the counters of the rules and the present time decide which rules act.
TEST(Explain, LiveRulesGoOnFromWhatTheyHaveCounted) {
  const auto config = config_of(R"([[rule]]
match = { first = 2 }
fault = { type = "latency", delay = "1ms" }
[[rule]]
duration = "10s"
fault = { type = "reset" }
[[rule]]
probability = "50%"
fault = { type = "unplug" })");
  using std::chrono::seconds;
  const rules::Instant began{seconds(100)};
  const auto set = rules::RuleSet::activate(config.rules, 1, began);
  const auto why = [&](seconds later) {
    std::string text;
    const rules::Question question{.flow = flow_of(1), .message = {}, .payload = {}, .seed = 1};
    for (const auto& answer : rules::explain(*set, question, began + later)) {
      text += (answer.acts ? "* " : "- ") + answer.why + "\n";
    }
    return text;
  };
  EXPECT_EQ(why(seconds(5)),
            "* it acts in both directions; first, after and every count connections\n"
            "* it acts in both directions\n"
            "* it acts in both directions with a chance of 50% per connection\n");
  for (int i = 0; i < 2; ++i) set->rules()[0]->state->arrivals.next(0);
  EXPECT_EQ(why(seconds(11)),
            "- connection 3 is not selected; first, after and every count connections\n"
            "- it ended 10s after loading\n"
            "* it acts in both directions with a chance of 50% per connection\n");
}

}  // namespace
}  // namespace brownout::test
