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

TEST(KafkaLag, LeavesTheBeginningOfAPartitionAlone) {
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"kafka_lag\", records = 100 }\n");
  lab.from_client(kafka_list_offsets(1, -1) + kafka_list_offsets(2, -2) +
                  kafka_list_offsets(3, 1700000000000));
  lab.from_server(kafka_listed(1, 9) + kafka_listed(2, 4) + kafka_listed(3, 5));
  EXPECT_EQ(lab.at_client(), kafka_listed(1, 109) + kafka_listed(2, 4) + kafka_listed(3, 5));
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
