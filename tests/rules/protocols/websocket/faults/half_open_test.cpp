#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(HalfOpen, AnswersPingsOnly) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"half_open\" }");
  lab.from_client("anybody there?");
  lab.from_client("42", rules::Opcode::kPing);
  lab.from_server("yes");
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), "pong:42\n");
  lab.http.server_ends();
  EXPECT_FALSE(lab.http.closed());
}

TEST(HalfOpen, DoesNotAnswerPingsIfDisabled) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"half_open\", answer_pings = false }");
  lab.from_client("42", rules::Opcode::kPing);
  EXPECT_EQ(lab.at_client(), "");
}

TEST(HalfOpen, HoldsBackTheEndOfAnIdleConnection) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"half_open\" }");
  lab.http.server_ends();
  EXPECT_FALSE(lab.http.closed());
}

// Each end sees a peer that does not close, until both have left.
TEST(HalfOpen, EndsWhenBothPeersHaveLeft) {
  for (const bool client_first : {true, false}) {
    WebSocketLab lab("[[rule]]\nfault = { type = \"half_open\" }");
    client_first ? lab.http.client_ends() : lab.http.server_ends();
    EXPECT_FALSE(lab.http.closed());
    EXPECT_THAT(lab.http.notes(), testing::Not(testing::HasSubstr("half-closed")));
    client_first ? lab.http.server_ends() : lab.http.client_ends();
    EXPECT_TRUE(lab.http.closed());
  }
}

// A stream without a message that the rule selects is not the rule's, and ends as usual.
TEST(HalfOpen, BeginsWithTheFirstMessageThatTheRuleSelects) {
  const std::string rule =
      "[[rule]]\nmatch = { text = \"lost\" }\nfault = { type = \"half_open\" }";
  for (const auto* text : {"kept", "lost"}) {
    WebSocketLab lab(rule);
    lab.from_server(text);
    lab.http.server_ends();
    EXPECT_EQ(lab.http.closed(), std::string_view(text) == "kept") << text;
  }
  for (const auto* draw : {"0.000001%", "100%"}) {
    WebSocketLab lab(std::string("[[rule]]\nper = \"message\"\nprobability = \"") + draw +
                     "\"\nfault = { type = \"half_open\" }");
    lab.from_server("hello");
    lab.http.server_ends();
    EXPECT_EQ(lab.http.closed(), std::string_view(draw) != "100%") << draw;
  }
}

}  // namespace
}  // namespace brownout::test
