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

}  // namespace
}  // namespace brownout::test
