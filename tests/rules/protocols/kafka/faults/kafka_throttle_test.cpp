#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

TEST(KafkaThrottle, TellsTheClientToPause) {
  MessageLab lab("kafka",
                 "[[rule]]\nmatch = { api = \"Produce\" }\n"
                 "fault = { type = \"kafka_throttle\", time = \"1500ms\" }\n");
  lab.from_client(kafka_produce(1, "orders", "record") + kafka_produce(2, "orders", "record") +
                  kafka_heartbeat(3, "billing"));
  lab.from_server(kafka_produced(1, "orders", 7) + kafka_produced(2, "orders", 8, 0, 9000) +
                  kafka_heartbeat_reply(3));
  EXPECT_EQ(lab.at_client(), kafka_produced(1, "orders", 7, 0, 1500) +
                                 kafka_produced(2, "orders", 8, 0, 9000) +
                                 kafka_heartbeat_reply(3));
  EXPECT_EQ(lab.injected, 1);
}

}  // namespace
}  // namespace brownout::test
