#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

using namespace std::chrono_literals;

const std::string kTimeout = R"([[rule]]
fault = { type = "nats_authorization_timeout", after = "2s" })";

TEST(NatsAuthorizationTimeout, DropsConnectAndClosesWithAnError) {
  MessageLab lab("nats", kTimeout);
  lab.from_server("INFO {}\r\n");
  lab.at_client();
  lab.from_client("CONNECT {\"name\":\"a\"}\r\nPING\r\n");
  lab.pass(1999ms);
  EXPECT_EQ(lab.at_client(), "");
  lab.pass(1ms);
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), "-ERR 'Authentication Timeout'\r\n");
  EXPECT_EQ(lab.closed, "fin");
}

TEST(NatsAuthorizationTimeout, DoesNotAffectAConnectedClient) {
  MessageLab lab("nats", kTimeout);
  lab.from_client("PING\r\nPUB a 2\r\nhi\r\n");
  lab.pass(3s);
  EXPECT_EQ(lab.at_server(), "PING\r\nPUB a 2\r\nhi\r\n");
  EXPECT_EQ(lab.closed, "");
}

// The rule has dropped CONNECT, so the server would never answer. The client must get an error.
TEST(NatsAuthorizationTimeout, ClosesAtOnceWhenTheRuleIsRemoved) {
  MessageLab lab("nats", kTimeout);
  lab.from_server("INFO {}\r\n");
  lab.at_client();
  lab.from_client("CONNECT {}\r\n");
  lab.set_rules("");
  EXPECT_EQ(lab.at_client(), "-ERR 'Authentication Timeout'\r\n");
  EXPECT_EQ(lab.closed, "fin");
}

}  // namespace
}  // namespace brownout::test
