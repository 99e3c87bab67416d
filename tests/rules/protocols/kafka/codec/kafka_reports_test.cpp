// Tests what users are told of messages that rules cannot see, and of brokers that clients reach
// past the listener.
#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

constexpr int kLarge = 70'000'000;

std::string unread_rule(const std::string& direction) {
  return "[[rule]]\nmatch = { topic = \"orders\", direction = \"" + direction +
         "\" }\nfault = { type = \"drop\" }\n";
}
// The begin of a Produce request that has the length kLarge.
std::string large_produce() {
  return kafka_int(kLarge) + kafka_produce(1, "orders", "record").substr(4);
}

TEST(KafkaReports, NameTheFieldAndThePlaceOfAMalformedRequest) {
  MessageLab lab("kafka", unread_rule("upstream"));
  const auto request = kafka_request(0, 7, 1, kafka_int(-1, 2) + kafka_int(1, 2) + "ab");
  lab.from_client(request + request);
  EXPECT_EQ(lab.at_server(), request + request);
  EXPECT_EQ(lab.reports,
            "malformed Kafka message: Produce version 7 request: no timeout_ms at byte 4 of 6 in "
            "its body\n");
}

TEST(KafkaReports, NameTheBytesBehindAResponse) {
  MessageLab lab("kafka", unread_rule("downstream"));
  lab.from_client(kafka_heartbeat(1, "billing"));
  const auto response = kafka_reply(1, kafka_int(0) + kafka_int(0, 2) + "more");
  lab.from_server(response);
  EXPECT_EQ(lab.at_client(), response);
  EXPECT_EQ(lab.reports,
            "malformed Kafka message: Heartbeat version 3 response: further bytes at byte 6 of 10 "
            "in its body\n");
}

// The position counts from the begin of the body, also inside lists and tagged fields.
TEST(KafkaReports, FindTheFieldInsideATaggedField) {
  MessageLab lab("kafka", unread_rule("upstream"));
  const std::string none(1, '\0');
  // Fetch version 12 ends with the tagged field 0, cluster_id: a text of 5 bytes in 3 bytes.
  const auto body = kafka_int(-1) + kafka_int(1) + kafka_int(1) + kafka_int(1) + kafka_int(0, 1) +
                    kafka_int(0) + kafka_int(-1) + "\x01\x01\x01" + "\x01" + none + "\x03\x06" +
                    "ab";
  lab.from_client(kafka_request(1, 12, 1, none + body));
  EXPECT_EQ(lab.reports,
            "malformed Kafka message: Fetch version 12 request: no cluster_id at byte 31 of 34 in "
            "its body\n");
}

TEST(KafkaReports, GiveSizeAndLimitOfATooLargeMessage) {
  MessageLab lab("kafka", unread_rule("upstream"));
  lab.from_client(large_produce());
  EXPECT_EQ(lab.at_server(), large_produce());
  EXPECT_EQ(lab.reports,
            "too large Kafka message: a request of 70000004 bytes: rules read at most 64 MiB, and "
            "act no more on this connection\n");
}

// A rule about responses needs the facts of requests, which pass without being buffered for it.
TEST(KafkaReports, TellOfALargeRequestWhoseResponseRulesMeet) {
  MessageLab lab("kafka", unread_rule("downstream"));
  lab.from_client(large_produce());
  EXPECT_EQ(lab.at_server(), large_produce());
  EXPECT_EQ(lab.reports,
            "too large Kafka message: a request of 70000004 bytes: rules read at most 64 MiB\n");
}

TEST(KafkaReports, NameEachBrokerThatGetsNoPortOnce) {
  MessageLab lab("kafka", "", "brokers = \"follow\"\nbroker_ports = 19100\nadvertise = \"p.test\"");
  const auto told = [&](int correlation, const char* host) {
    lab.from_client(kafka_metadata(correlation));
    lab.from_server(kafka_brokers(correlation, host, 9092));
    return lab.at_client();
  };
  EXPECT_EQ(told(1, "10.0.0.1"), kafka_brokers(1, "p.test", 19100));
  EXPECT_EQ(lab.reports, "");
  EXPECT_EQ(told(2, "10.0.0.2"), kafka_brokers(2, "10.0.0.2", 9092));
  EXPECT_EQ(told(3, "10.0.0.2"), kafka_brokers(3, "10.0.0.2", 9092));
  EXPECT_EQ(lab.reports,
            "broker not followed: broker 1 keeps its own address 10.0.0.2:9092, by which clients "
            "bypass this listener: all ports of broker_ports (19100) have a broker (give one port "
            "for each broker)\n");
}

TEST(KafkaBrokers, HaveNamesWithTheirIds) {
  MessageLab lab(
      "kafka", "",
      "brokers = \"follow\"\nbroker_names = \"b-{node}.test:9093\"\ntls = { ca = \"x\" }");
  lab.from_client(kafka_metadata(1));
  lab.from_server(kafka_brokers(1, "10.0.0.1", 9092));
  EXPECT_EQ(lab.at_client(), kafka_brokers(1, "b-1.test", 9093));
}

}  // namespace
}  // namespace brownout::test
