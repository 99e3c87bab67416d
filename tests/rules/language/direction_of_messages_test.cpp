// Tests the error for a rule whose `direction` excludes all messages that its fault acts on.
#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string problem(const std::string& fault, const std::string& direction,
                    const std::string& protocol) {
  return first_problem_of("[[rule]]\nmatch = { direction = \"" + direction +
                              "\" }\nfault = { type = \"" + fault + "\" }",
                          protocol);
}

TEST(DirectionOfMessages, ADirectionWithoutSuchMessagesIsAnError) {
  EXPECT_EQ(problem("nats_lame_duck", "upstream", "nats"),
            "fault \"nats_lame_duck\" has no effect on data in the direction upstream");
  EXPECT_EQ(problem("redis_cut_reply", "upstream", "redis"),
            "fault \"redis_cut_reply\" has no effect on data in the direction upstream");
  EXPECT_EQ(problem("nats_lame_duck", "downstream", "nats"), "");
  EXPECT_EQ(problem("nats_stale_connection", "upstream", "nats"), "");
}

TEST(DirectionOfMessages, ServersThatSendNoRequestsCannotBeRefused) {
  const std::string mistake = "fault \"reject\" acts on requests, which only clients send in ";
  EXPECT_EQ(problem("reject", "downstream", "redis"), mistake + "Redis");
  EXPECT_EQ(problem("reject", "downstream", "nats"), mistake + "NATS");
  EXPECT_EQ(problem("reject", "upstream", "redis"), "");
  EXPECT_EQ(problem("reject", "downstream", "mqtt"), "") << "MQTT 5: a PUBLISH of the server";
}

// A key of answers selects nothing that a client sends, and a key of requests nothing of a server.
TEST(DirectionOfMessages, AKeyOfOneDirectionFitsNoRuleOfTheOther) {
  const auto with = [](const std::string& protocol, const std::string& key,
                       const std::string& direction) {
    return first_problem_of("[[rule]]\nmatch = { " + key + ", direction = \"" + direction +
                                "\" }\nfault = { type = \"drop\" }",
                            protocol);
  };
  const auto of_servers = [](const std::string& key) {
    return "only messages of servers have this " + key + ", and they go downstream";
  };
  EXPECT_EQ(with("grpc", "grpc_status = 14", "upstream"), of_servers("grpc_status"));
  EXPECT_EQ(with("kafka", "error = \"REQUEST_TIMED_OUT\"", "upstream"), of_servers("error"));
  EXPECT_EQ(with("redis", "error = \"MOVED\"", "upstream"), of_servers("error"));
  EXPECT_EQ(with("redis", "reply = \"push\"", "upstream"), of_servers("reply"));
  EXPECT_EQ(with("mqtt", "packet = [\"connack\", \"suback\"]", "upstream"), of_servers("packet"));
  EXPECT_EQ(with("nats", "verb = \"msg\"", "upstream"), of_servers("verb"));
  EXPECT_EQ(with("nats", "verb = \"pub\"", "downstream"),
            "only messages of clients have this verb, and they go upstream");
  EXPECT_EQ(with("mqtt", "packet = [\"connack\", \"publish\"]", "upstream"), "");
  EXPECT_EQ(with("mqtt", "packet = \"subscribe\"", "upstream"), "");
  EXPECT_EQ(with("nats", "verb = \"ping\"", "downstream"), "");
  EXPECT_EQ(with("kafka", "api = \"Produce\"", "downstream"), "");
  EXPECT_EQ(with("redis", "reply = \"push\"", "downstream"), "");
}

}  // namespace
}  // namespace brownout::test
