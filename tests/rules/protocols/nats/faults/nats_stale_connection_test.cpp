#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kStaleRule = R"([[rule]]
match = { direction = "downstream" }
fault = { type = "nats_stale_connection" })";

TEST(NatsStaleConnection, DropsOnlyPong) {
  MessageLab lab("nats", kStaleRule);
  lab.from_client("PING\r\n");
  EXPECT_EQ(lab.at_server(), "PING\r\n");
  lab.from_server("PONG\r\nPING\r\nMSG a 1 2\r\nhi\r\nPONG\r\n");
  EXPECT_EQ(lab.at_client(), "PING\r\nMSG a 1 2\r\nhi\r\n");
  EXPECT_EQ(lab.injected, 2);
}

TEST(NatsStaleConnection, DoesNotAffectTheOtherDirection) {
  MessageLab lab("nats", kStaleRule);
  lab.from_client("PONG\r\n");
  EXPECT_EQ(lab.at_server(), "PONG\r\n");
}

}  // namespace
}  // namespace brownout::test
