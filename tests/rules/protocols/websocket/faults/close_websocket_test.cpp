#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(CloseWebsocket, SendsACloseToBothEnds) {
  WebSocketLab lab(R"([[rule]]
match = { text = "boom" }
fault = { type = "close_websocket", code = 1013, reason = "try again later" })");
  lab.from_client("fine");
  lab.from_client("boom");
  EXPECT_EQ(lab.at_server(), "text:fine\nclose:1013 try again later\n");
  EXPECT_EQ(lab.at_client(), "close:1013 try again later\n");
  EXPECT_TRUE(lab.http.closed());
}

TEST(CloseWebsocket, RejectsCodesThatMustNotBeSent) {
  const auto problem_of = [](int code) {
    return first_problem_of(
        "[[rule]]\nfault = { type = \"close_websocket\", code = " + std::to_string(code) + " }",
        "websocket");
  };
  for (const int code : {1005, 1006, 1015}) {
    EXPECT_EQ(problem_of(code),
              "code " + std::to_string(code) + " must not be sent in a Close frame");
  }
  for (const int code : {1000, 1004, 1014, 4999}) EXPECT_EQ(problem_of(code), "") << code;
}

TEST(CloseWebsocket, RejectsALongReason) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"close_websocket\", reason = \"" +
                                 std::string(124, 'x') + "\" }",
                             "websocket"),
            "a reason has at most 123 bytes");
}

}  // namespace
}  // namespace brownout::test
