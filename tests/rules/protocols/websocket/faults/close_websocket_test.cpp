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

TEST(CloseWebsocket, RejectsALongReason) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"close_websocket\", reason = \"" +
                                 std::string(124, 'x') + "\" }",
                             "websocket"),
            "a reason has at most 123 bytes");
}

}  // namespace
}  // namespace brownout::test
