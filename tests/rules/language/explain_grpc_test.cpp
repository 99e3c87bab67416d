// Tests `explain` for HTTP/2 connections, and for the messages of gRPC and Server-Sent Events.
#include <gtest/gtest.h>

#include "rules/language/ask.h"
#include "tests/support/protobuf_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

rules::Asked asked_of_chat() {
  rules::Asked asked;
  asked.listener = "chat";
  return asked;
}

// Why a rule with these keys of `match` acts ("* ") or not ("- "). An error is "! ...".
std::string explained(const rules::Asked& asked, const std::string& match,
                      const std::string& fault = "type = \"drop\"",
                      const std::string& protocol = "grpc") {
  const auto config =
      config_with({{"api.pb", shop_descriptors()}},
                  (protocol == "grpc" ? "descriptors = \"api.pb\"\n" : std::string()) +
                      "[[rule]]\nmatch = { " + match + " }\nfault = { " + fault + " }",
                  protocol);
  const auto posed = rules::pose(config, asked);
  if (!posed) return "! " + posed.error().what;
  const auto answer = rules::explain(config, (*posed)->question).front();
  return (answer.acts ? "* " : "- ") + answer.why;
}

std::string with(const std::string& option, const std::string& value, const std::string& match,
                 const std::string& protocol = "grpc") {
  auto asked = asked_of_chat();
  if (protocol == "grpc") asked.url = "/shop.Orders/Watch";
  asked.message[option] = value;
  return explained(asked, match, "type = \"drop\"", protocol);
}

const std::string kActs = "* it acts on messages, in both directions";

TEST(ExplainGrpc, FaultsOfAConnectionNeedNoRequest) {
  for (const std::string protocol : {"http", "grpc", "sse"}) {
    EXPECT_EQ(explained(asked_of_chat(), "", "type = \"h2_ping_loss\"", protocol),
              "* it acts on the HTTP/2 connection")
        << protocol;
  }
  auto asked = asked_of_chat();
  asked.url = "/";
  EXPECT_EQ(explained(asked, "", "type = \"h2_ping_loss\"", "http"),
            "* it acts on the HTTP/2 connection");
  EXPECT_EQ(explained(asked_of_chat(), "", "type = \"h2_goaway\"", "http"),
            "- it acts on HTTP requests");
}

TEST(ExplainGrpc, ThePathNamesTheMethod) {
  auto asked = asked_of_chat();
  asked.url = "http://127.0.0.1:1/shop.Orders/Watch";
  EXPECT_EQ(explained(asked, "service = \"shop.Orders\", rpc = \"Watch\""), kActs);
  EXPECT_EQ(explained(asked, "rpc = \"Get\""), "- its `rpc` does not match the message");
  EXPECT_EQ(explained(asked, "path = \"/shop.Orders/*\", service = \"shop.*\""), kActs);
  asked.message["rpc"] = "Get";
  EXPECT_EQ(explained(asked, "rpc = \"Get\""), kActs);
  EXPECT_EQ(explained(asked, "method = \"POST\"", "type = \"abort\", status = 503"),
            "* it acts on the request");
}

TEST(ExplainGrpc, OptionsDescribeAMessage) {
  EXPECT_EQ(with("compressed", "true", "compressed = true"), kActs);
  EXPECT_EQ(with("compressed", "false", "compressed = true"),
            "- its `compressed` does not match the message");
  EXPECT_EQ(with("grpc-status", "14", "grpc_status = [14]"), kActs);
  EXPECT_EQ(with("grpc-status", "5", "grpc_status = [14]"),
            "- its `grpc_status` does not match the message");
  EXPECT_EQ(with("grpc-status", "UNAVAILABLE", "grpc_status = [14]"), kActs);
  EXPECT_EQ(with("grpc-status", "14", "grpc_status = \"UNAVAILABLE\""), kActs);
  EXPECT_EQ(
      with("grpc-status", "14", "service = \"shop.Orders\""),
      "- it does not act on messages with a grpc_status, because its match has no grpc_status");
  EXPECT_EQ(with("rpc", "Watch", "grpc_status = 14"),
            "- its `grpc_status` needs a message with a grpc_status: give --grpc-status");
  EXPECT_EQ(with("json", R"({"order": {"id": "47"}})", "field = { \"order.id\" = \"4*\" }"), kActs);
  EXPECT_EQ(with("json", R"({"order": {"id": "57"}})", "field = { \"order.id\" = \"4*\" }"),
            "- its `field` does not match the message");
  EXPECT_EQ(with("comment", "true", "comment = true", "sse"), kActs);
  EXPECT_EQ(with("comment", "false", "comment = true", "sse"),
            "- its `comment` does not match the message");
}

// An option has the values of the key of match with its name, and the same hint.
TEST(ExplainGrpc, OptionsHaveTheValuesOfMatch) {
  const auto wrong = [](const std::string& protocol, const std::string& option,
                        const std::string& value) {
    auto asked = asked_of_chat();
    asked.message[option] = value;
    const auto posed = rules::pose(config_of("", protocol), asked);
    return posed ? std::string() : posed.error().what + " = " + posed.error().hint;
  };
  EXPECT_EQ(wrong("kafka", "api", "Prodoce"),
            "api: \"Prodoce\" is not an API of Kafka = did you mean \"Produce\"?");
  EXPECT_EQ(wrong("kafka", "api", "Produce"), "");
  EXPECT_EQ(wrong("kafka", "error", "not_leader_or_follower"),
            "error: \"not_leader_or_follower\" is not an error of Kafka = did you mean "
            "\"NOT_LEADER_OR_FOLLOWER\"?");
  EXPECT_EQ(wrong("kafka", "acks", "2"), "acks: unknown value \"2\" = allowed: 0, 1, all");
  EXPECT_EQ(wrong("kafka", "partition", "first"),
            "partition: expected a whole number, found a string = ");
  EXPECT_EQ(wrong("kafka", "partition", "3"), "");
  EXPECT_EQ(wrong("kafka", "topic", "a b").find("topic: no topic of Kafka has the name \"a b\""),
            0U);
  EXPECT_EQ(wrong("grpc", "grpc-status", "UNAVAILBLE"),
            "grpc-status: \"UNAVAILBLE\" is no status of gRPC = did you mean \"UNAVAILABLE\"?");
  EXPECT_EQ(wrong("grpc", "grpc-status", "17").find("grpc-status: \"17\" is no status"), 0U);
  EXPECT_EQ(wrong("redis", "database", "x"),
            "database: expected a whole number, found a string = ");
  EXPECT_EQ(wrong("mqtt", "qos", "3").find("qos: "), 0U);
  // A key with patterns takes any text.
  EXPECT_EQ(wrong("redis", "error", "~("), "");
  EXPECT_EQ(wrong("mqtt", "topic", "a b"), "");
}

TEST(ExplainGrpc, AMethodInAnotherCaseIsAMistake) {
  auto asked = asked_of_chat();
  asked.url = "/";
  asked.method = "post";
  const auto posed = rules::pose(config_of("", "http"), asked);
  ASSERT_FALSE(posed);
  EXPECT_EQ(posed.error().what, "method \"post\" matches no request");
  EXPECT_EQ(posed.error().hint, "methods are case-sensitive: write \"POST\"");
}

TEST(ExplainGrpc, NamesTheOptionsOfItsProtocol) {
  const auto hint = [](const std::string& protocol, const std::string& match) {
    return explained(asked_of_chat(), match, "type = \"drop\"", protocol).substr(kActs.size());
  };
  EXPECT_EQ(hint("kafka", "api = \"Produce\", topic = \"orders\""),
            "; to check a message, give --api, --topic");
  EXPECT_EQ(hint("grpc", "metadata = { tenant = \"blue\" }, text = \"x\""),
            "; to check a message, give --header, --text");
  EXPECT_EQ(hint("xmpp", "min_size = \"1 KiB\""), "; to check a message, give --text");
}

TEST(ExplainGrpc, HeadersAreMetadata) {
  auto asked = asked_of_chat();
  asked.url = "/shop.Orders/Watch";
  asked.headers = {"x: y", "Tenant: blue:1"};
  EXPECT_EQ(explained(asked, "metadata = { tenant = \"blue:*\" }"), kActs);
  EXPECT_EQ(explained(asked, "metadata = { tenant = \"red\" }"),
            "- its `metadata` does not match the message");
}

TEST(ExplainGrpc, JsonThatDoesNotFitIsAnError) {
  EXPECT_EQ(with("json", "{\"none\": 1}", "field = { \"order.id\" = \"4*\" }"),
            "! json {\"none\": 1}: no message of shop.Orders/Watch by the descriptors");
  auto asked = asked_of_chat();
  asked.message["json"] = "{}";
  EXPECT_EQ(explained(asked, "rpc = \"Get\""),
            "! json {}: the method is missing, which gives the type of the message: give --url, or "
            "--service and --rpc");
  const auto config = config_of("", "grpc");
  EXPECT_EQ(rules::pose(config, asked).error().what,
            "json {}: the listener has no `descriptors`, so the type of the message is unknown");
}

}  // namespace
}  // namespace brownout::test
