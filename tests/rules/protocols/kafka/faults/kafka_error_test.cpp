#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

constexpr int kTimedOut = 7;

std::string error_rule(const std::string& keys) {
  return "[[rule]]\nmatch = { api = [\"Produce\", \"Heartbeat\", \"Fetch\"] }\n"
         "fault = { type = \"kafka_error\", error = \"REQUEST_TIMED_OUT\"" +
         keys + " }\n";
}

// Produce of one record to partition 0 of each of two topics.
std::string produce_two(int correlation) {
  const auto topic = [](std::string_view name) {
    return kafka_text(name) + kafka_int(1) + kafka_int(0) + kafka_bytes("record");
  };
  return kafka_request(0, 7, correlation,
                       kafka_int(-1, 2) + kafka_int(1, 2) + kafka_int(1000) + kafka_int(2) +
                           topic("orders") + topic("news"));
}
std::string produced_part(std::string_view topic, int error, std::int64_t offset,
                          std::int64_t start) {
  return kafka_text(topic) + kafka_int(1) + kafka_int(0) + kafka_int(error, 2) +
         kafka_int(offset, 8) + kafka_int(-1, 8) + kafka_int(start, 8);
}

TEST(KafkaError, AnswersInPlaceOfTheBroker) {
  MessageLab lab("kafka", error_rule(""));
  lab.from_client(kafka_heartbeat(1, "billing"));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), kafka_heartbeat_reply(1, kTimedOut));
}

TEST(KafkaError, LetsProduceWithoutAcksPass) {
  MessageLab lab("kafka", error_rule(""));
  const auto produce = kafka_produce(1, "orders", "record", 0);
  lab.from_client(produce);
  EXPECT_EQ(lab.at_server(), produce);
  EXPECT_EQ(lab.injected, 0);
}

TEST(KafkaError, TellsAfterTheAppendThatItFailed) {
  MessageLab lab("kafka", error_rule(", after_append = true"));
  const auto produce = kafka_produce(1, "orders", "record");
  lab.from_client(produce);
  EXPECT_EQ(lab.at_server(), produce);
  lab.from_server(kafka_produced(1, "orders", 7));
  EXPECT_EQ(lab.at_client(), kafka_produced(1, "orders", -1, kTimedOut));
}

TEST(KafkaError, ForwardsTheOtherTopicsOfARequest) {
  MessageLab lab("kafka", error_rule(", topic = \"orders\", partition = [0, 1]"));
  lab.from_client(produce_two(1));
  EXPECT_EQ(lab.at_server(), kafka_request(0, 7, 1,
                                           kafka_int(-1, 2) + kafka_int(1, 2) + kafka_int(1000) +
                                               kafka_int(1) + kafka_text("news") + kafka_int(1) +
                                               kafka_int(0) + kafka_bytes("record")));
  lab.from_server(kafka_reply(1, kafka_int(1) + produced_part("news", 0, 5, 2) + kafka_int(0)));
  EXPECT_EQ(lab.at_client(),
            kafka_reply(1, kafka_int(2) + produced_part("news", 0, 5, 2) +
                               produced_part("orders", kTimedOut, 0, -1) + kafka_int(0)));
}

TEST(KafkaError, LeavesOtherTopicsAlone) {
  MessageLab lab("kafka", error_rule(", topic = \"payments\""));
  lab.from_client(produce_two(1));
  EXPECT_EQ(lab.at_server(), produce_two(1));
  EXPECT_EQ(lab.injected, 0);
}

// In a fetch session the second request names no partition, and still concerns all of them.
TEST(KafkaError, ActsOnTheResponsesOfAFetchSession) {
  const auto fetch = [](int correlation, int epoch, const std::string& topics) {
    return kafka_request(1, 7, correlation,
                         kafka_int(-1) + kafka_int(500) + kafka_int(1) + kafka_int(1000) +
                             kafka_int(0, 1) + kafka_int(epoch == 0 ? 0 : 77) + kafka_int(epoch) +
                             topics + kafka_int(0));
  };
  const auto fetched = [](int correlation, int error, const std::string& records) {
    return kafka_reply(correlation, kafka_int(0) + kafka_int(0, 2) + kafka_int(77) + kafka_int(1) +
                                        kafka_text("orders") + kafka_int(1) + kafka_int(3) +
                                        kafka_int(error, 2) + kafka_int(9, 8) + kafka_int(9, 8) +
                                        kafka_int(0, 8) + kafka_int(-1) + records);
  };
  MessageLab lab("kafka",
                 "[[rule]]\nmatch = { api = \"Fetch\", topic = \"orders\", after = 1 }\n"
                 "fault = { type = \"kafka_error\", error = \"REQUEST_TIMED_OUT\" }\n");
  lab.from_client(fetch(1, 0,
                        kafka_int(1) + kafka_text("orders") + kafka_int(1) + kafka_int(3) +
                            kafka_int(0, 8) + kafka_int(0, 8) + kafka_int(1000)));
  lab.from_server(fetched(1, 0, kafka_bytes("batch")));
  EXPECT_EQ(lab.at_client(), fetched(1, 0, kafka_bytes("batch")));
  lab.from_client(fetch(2, 1, kafka_int(0)));
  lab.from_server(fetched(2, 0, kafka_bytes("batch")));
  EXPECT_EQ(lab.at_client(), fetched(2, kTimedOut, kafka_int(-1)));
}

}  // namespace
}  // namespace brownout::test
