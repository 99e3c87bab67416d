#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kSlowConsumerRule = R"([[rule]]
match = { subject = "orders.>" }
fault = { type = "nats_slow_consumer" })";

TEST(NatsSlowConsumer, EndsTheConnectionAtAMatchingDelivery) {
  MessageLab lab("nats", kSlowConsumerRule);
  lab.from_server("MSG news.a 1 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_client(), "MSG news.a 1 2\r\nhi\r\n");
  lab.from_server("MSG orders.a 1 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_client(), "-ERR 'Slow Consumer'\r\n");
  EXPECT_EQ(lab.closed, "fin");
}

TEST(NatsSlowConsumer, DoesNotAffectPublishes) {
  MessageLab lab("nats", kSlowConsumerRule);
  lab.from_client("PUB orders.a 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_server(), "PUB orders.a 2\r\nhi\r\n");
  EXPECT_EQ(lab.closed, "");
}

}  // namespace
}  // namespace brownout::test
