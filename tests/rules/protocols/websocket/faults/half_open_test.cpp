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

}  // namespace
}  // namespace brownout::test
