// Tests that a message inserted by a rule never splits a message of the server.
#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kRejectUpstream = R"([[rule]]
match = { direction = "upstream" }
fault = { type = "reject", text = "NO" })";
constexpr auto kLines = "framing = { delimiter = \"\\n\" }";

TEST(InsertedMessage, FollowsTheGreetingOfTheServer) {
  MessageLab lab("nats", kRejectUpstream);
  lab.from_client("PUB secret 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_client(), "");
  lab.from_server("INFO {}\r\n");
  EXPECT_EQ(lab.at_client(),
            "INFO {}\r\n-ERR 'Permissions Violation for Publish to \"secret\"'\r\n");
}

TEST(InsertedMessage, WaitsForTheEndOfAPartlySentMessage) {
  MessageLab lab("nats", kRejectUpstream);
  lab.from_server("INFO {}\r\n");
  lab.at_client();
  lab.from_server("MSG a 1 6\r\nhel");
  lab.from_client("PUB secret 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_client(), "MSG a 1 6\r\nhel");
  lab.from_server("lo!\r\nMSG a 1 2\r\nhi\r\nMSG a 1");
  EXPECT_EQ(lab.at_client(),
            "lo!\r\n-ERR 'Permissions Violation for Publish to \"secret\"'\r\n"
            "MSG a 1 2\r\nhi\r\nMSG a 1");
}

TEST(InsertedMessage, IsSentAtOnceBetweenTwoMessages) {
  MessageLab lab("framed", kRejectUpstream, kLines);
  lab.from_server("one\n");
  lab.from_client("ask\n");
  lab.from_server("tw");
  lab.from_client("ask again\n");
  lab.from_server("o\nthree\n");
  EXPECT_EQ(lab.at_client(), "one\nNO\ntwo\nNO\nthree\n");
}

TEST(InsertedMessage, IsSentBeforeTheEndIfTheMessageNeverCompletes) {
  MessageLab lab("framed", kRejectUpstream, kLines);
  lab.from_server("cut sh");
  lab.from_client("ask\n");
  EXPECT_EQ(lab.at_client(), "cut sh");
  lab.server_finishes();
  EXPECT_EQ(lab.at_client(), "NO\n");
}

TEST(InsertedMessage, DelaysTheCloseUntilItIsSent) {
  MessageLab lab("nats", kRejectUpstream);
  lab.from_server("INFO {\"server_id\":");
  lab.from_client("CONNECT {}\r\n");
  EXPECT_EQ(lab.closed, "");
  lab.from_server("\"N\"}\r\n");
  EXPECT_EQ(lab.at_client(), "INFO {\"server_id\":\"N\"}\r\n-ERR 'Authorization Violation'\r\n");
  EXPECT_EQ(lab.closed, "fin");
}

// A rule that is added in the middle of a message ignores this message and acts on the next.
TEST(InsertedMessage, ARuleAddedMidMessageLosesNothing) {
  MessageLab lab("nats");
  lab.from_server("MSG a 1 6\r\nhel");
  lab.set_rules("[[rule]]\nfault = { type = \"replace\", text = \"hi!\" }");
  lab.from_server("lo!\r\nMSG a 1 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_client(), "MSG a 1 6\r\nhello!\r\nMSG a 1 3\r\nhi!\r\n");
}

}  // namespace
}  // namespace brownout::test
