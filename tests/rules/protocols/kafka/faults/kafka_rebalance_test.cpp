#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

TEST(KafkaRebalance, AnswersHeartbeats) {
  constexpr int kRebalanceInProgress = 27;
  MessageLab lab("kafka",
                 "[[rule]]\nmatch = { group = \"billing\" }\n"
                 "fault = { type = \"kafka_rebalance\" }\n");
  lab.from_client(kafka_heartbeat(1, "billing") + kafka_heartbeat(2, "shipping"));
  EXPECT_EQ(lab.at_server(), kafka_heartbeat(2, "shipping"));
  EXPECT_EQ(lab.at_client(), kafka_heartbeat_reply(1, kRebalanceInProgress));
}

}  // namespace
}  // namespace brownout::test
