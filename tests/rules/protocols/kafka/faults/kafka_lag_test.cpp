#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

TEST(KafkaLag, MovesTheEndOfAPartition) {
  MessageLab lab("kafka",
                 "[[rule]]\nfault = { type = \"kafka_lag\", records = 100, topic = \"orders\" }\n");
  lab.from_client(kafka_fetch(1));
  lab.from_server(kafka_fetched(1, 9, "batch"));
  EXPECT_EQ(lab.at_client(), kafka_fetched(1, 109, "batch"));
}

TEST(KafkaLag, WithholdsTheRecords) {
  MessageLab lab("kafka",
                 "[[rule]]\nfault = { type = \"kafka_lag\", records = 0, empty = true }\n");
  lab.from_client(kafka_fetch(1));
  lab.from_server(kafka_fetched(1, 9, "batch"));
  EXPECT_EQ(lab.at_client(), kafka_fetched(1, 9, ""));
}

TEST(KafkaLag, LeavesOtherPartitionsAlone) {
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"kafka_lag\", partition = 2 }\n");
  lab.from_client(kafka_fetch(1));
  lab.from_server(kafka_fetched(1, 9, "batch"));
  EXPECT_EQ(lab.at_client(), kafka_fetched(1, 9, "batch"));
}

}  // namespace
}  // namespace brownout::test
