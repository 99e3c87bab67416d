#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

TEST(KafkaCoordinator, IsNotTheBrokerAskedNorAnyOther) {
  constexpr int kNotCoordinator = 16;
  constexpr int kCoordinatorNotAvailable = 15;
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"kafka_coordinator\" }\n");
  const auto produce = kafka_produce(3, "orders", "record");
  lab.from_client(kafka_heartbeat(1, "billing") + kafka_request(10, 0, 2, kafka_text("billing")) +
                  produce);
  EXPECT_EQ(lab.at_server(), produce);
  EXPECT_EQ(lab.at_client(), kafka_heartbeat_reply(1, kNotCoordinator) +
                                 kafka_reply(2, kafka_int(kCoordinatorNotAvailable, 2) +
                                                    kafka_int(0) + kafka_text("") + kafka_int(0)));
}

}  // namespace
}  // namespace brownout::test
