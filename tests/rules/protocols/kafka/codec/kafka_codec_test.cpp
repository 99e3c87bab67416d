// Tests KafkaCodec: responses belong to their requests, rules see what messages are about, and all
// that no rule changes passes as it came.
#include <gtest/gtest.h>

#include <array>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

constexpr std::array<std::size_t, 4> kPieces{1, 3, 11, 1 << 20};

std::string kafka_drop(const std::string& match) {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"drop\" }\n";
}

TEST(KafkaCodec, PassesEveryMessageUnchanged) {
  const auto asked = kafka_produce(1, "orders", "records") + kafka_heartbeat(2, "billing") +
                     kafka_request(200, 3, 3, "unknown") + kafka_request(0, 99, 4, "newer12345");
  const auto answered = kafka_produced(1, "orders", 7) + kafka_heartbeat_reply(2) +
                        kafka_reply(3, "anything") + kafka_reply(4, "else");
  for (const auto* rules : {"",
                            "[[rule]]\nmatch = { api = \"JoinGroup\" }\n"
                            "fault = { type = \"drop\" }\n"}) {
    for (const auto piece : kPieces) {
      MessageLab lab("kafka", rules, "", piece);
      lab.from_client(asked);
      EXPECT_EQ(lab.at_server(), asked) << piece;
      lab.from_server(answered);
      EXPECT_EQ(lab.at_client(), answered) << piece;
      EXPECT_EQ(lab.reports, "unknown Kafka message: 200 version 3\n") << piece;
    }
  }
}

TEST(KafkaCodec, MatchesByApiTopicPartitionGroupClientAndAcks) {
  const auto produce = kafka_produce(1, "orders", "records", 1);
  const auto beat = kafka_heartbeat(2, "billing");
  struct Case {
    std::string match;
    bool produce, beat;
  };
  for (const auto& wanted :
       {Case{"api = \"Produce\"", true, false},
        Case{"api = [\"Produce\", \"Heartbeat\"]", true, true},
        Case{"topic = \"ord*\"", true, false}, Case{"topic = \"other\"", false, false},
        Case{"partition = [2, 3]", true, false}, Case{"partition = 4", false, false},
        Case{"group = \"bill*\"", false, true}, Case{"client_id = \"app\"", true, true},
        Case{"client_id = \"apps\"", false, false}, Case{"acks = \"1\"", true, false},
        Case{"acks = [\"0\", \"all\"]", false, false}, Case{"min_size = \"50 B\"", true, false}}) {
    MessageLab lab("kafka", kafka_drop("direction = \"upstream\", " + wanted.match));
    lab.from_client(produce);
    EXPECT_EQ(lab.at_server().empty(), wanted.produce) << wanted.match;
    lab.from_client(beat);
    EXPECT_EQ(lab.at_server().empty(), wanted.beat) << wanted.match;
  }
}

TEST(KafkaCodec, MatchesResponsesByTheirRequests) {
  for (const auto* match : {"api = \"Heartbeat\"", "group = \"billing\"", "client_id = \"app\"",
                            "error = \"REBALANCE_IN_PROGRESS\""}) {
    for (const auto piece : kPieces) {
      MessageLab lab("kafka", kafka_drop(std::string("direction = \"downstream\", ") + match), "",
                     piece);
      lab.from_client(kafka_heartbeat(9, "billing"));
      lab.from_server(kafka_heartbeat_reply(9, 27));
      EXPECT_EQ(lab.injected, 1) << match;
      EXPECT_EQ(lab.at_client(), "") << match;
    }
  }
}

TEST(KafkaCodec, WithholdsResponsesBehindALostOne) {
  MessageLab lab("kafka", kafka_drop("direction = \"downstream\", group = \"billing\""));
  lab.from_client(kafka_heartbeat(1, "shipping") + kafka_heartbeat(2, "billing") +
                  kafka_heartbeat(3, "shipping"));
  lab.from_server(kafka_heartbeat_reply(1) + kafka_heartbeat_reply(2) + kafka_heartbeat_reply(3));
  EXPECT_EQ(lab.at_client(), kafka_heartbeat_reply(1));
}

TEST(KafkaCodec, ExpectsNoResponseToProduceWithAcks0) {
  MessageLab lab("kafka", kafka_drop("api = \"JoinGroup\""));
  lab.from_client(kafka_produce(1, "orders", "records", 0) + kafka_heartbeat(2, "billing"));
  lab.from_server(kafka_heartbeat_reply(2));
  EXPECT_EQ(lab.at_client(), kafka_heartbeat_reply(2));
}

TEST(KafkaCodec, HidesTheResponseToACopy) {
  MessageLab lab("kafka",
                 "[[rule]]\nmatch = { api = \"Produce\" , direction = \"upstream\" }\n"
                 "fault = { type = \"duplicate\", share = \"100%\" }\n");
  const auto produce = kafka_produce(1, "orders", "records");
  lab.from_client(produce + kafka_heartbeat(2, "billing"));
  EXPECT_EQ(lab.at_server(), produce + produce + kafka_heartbeat(2, "billing"));
  lab.from_server(kafka_produced(1, "orders", 7) + kafka_produced(1, "orders", 8) +
                  kafka_heartbeat_reply(2));
  EXPECT_EQ(lab.at_client(), kafka_produced(1, "orders", 7) + kafka_heartbeat_reply(2));
}

TEST(KafkaCodec, RefusesInTheShapeOfTheRequest) {
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"reject\" }\n");
  lab.from_client(kafka_produce(1, "orders", "records") + kafka_heartbeat(2, "billing"));
  EXPECT_EQ(lab.at_server(), "");
  constexpr int kNotLeaderOrFollower = 6;
  constexpr int kCoordinatorNotAvailable = 15;
  const auto refused =
      kafka_reply(1, kafka_int(1) + kafka_text("orders") + kafka_int(1) + kafka_int(3) +
                         kafka_int(kNotLeaderOrFollower, 2) + kafka_int(0, 8) + kafka_int(-1, 8) +
                         kafka_int(-1, 8) + kafka_int(0));
  EXPECT_EQ(lab.at_client(), refused + kafka_heartbeat_reply(2, kCoordinatorNotAvailable));
}

TEST(KafkaCodec, RefusesWithTheChosenErrorBehindEarlierResponses) {
  MessageLab lab("kafka",
                 "[[rule]]\nmatch = { group = \"billing\" }\n"
                 "fault = { type = \"reject\", error = \"FENCED_INSTANCE_ID\" }\n");
  lab.from_client(kafka_produce(1, "orders", "records") + kafka_heartbeat(2, "billing"));
  EXPECT_EQ(lab.at_client(), "");
  lab.from_server(kafka_produced(1, "orders", 7));
  EXPECT_EQ(lab.at_client(), kafka_produced(1, "orders", 7) + kafka_heartbeat_reply(2, 82));
}

TEST(KafkaCodec, RewritesTheAddressesOfBrokers) {
  const std::string rewrite = "rewrite = { \"10.0.0.1:9092\" = \"localhost:19092\" }";
  for (const auto piece : kPieces) {
    MessageLab lab("kafka", "", rewrite, piece);
    lab.from_client(kafka_metadata(1) + kafka_metadata(2));
    lab.from_server(kafka_brokers(1, "10.0.0.1", 9092) + kafka_brokers(2, "10.0.0.2", 9092));
    EXPECT_EQ(lab.at_client(),
              kafka_brokers(1, "localhost", 19092) + kafka_brokers(2, "10.0.0.2", 9092));
  }
}

// ApiVersions 3 is flexible, but its response has a header without tagged fields, and a broker that
// does not know the version answers in version 0.
TEST(KafkaCodec, ReadsApiVersionsOfAnyBroker) {
  const auto ask = kafka_bytes(kafka_int(18, 2) + kafka_int(3, 2) + kafka_int(5) +
                               kafka_text("app") + std::string(1, '\0') + kafka_compact("lib") +
                               kafka_compact("1.0") + std::string(1, '\0'));
  const auto old = kafka_reply(
      5, kafka_int(35, 2) + kafka_int(1) + kafka_int(18, 2) + kafka_int(0, 2) + kafka_int(2, 2));
  MessageLab lab("kafka", kafka_drop("error = \"UNSUPPORTED_VERSION\""));
  lab.from_client(ask);
  EXPECT_EQ(lab.at_server(), ask);
  lab.from_server(old);
  EXPECT_EQ(lab.injected, 1);
  EXPECT_EQ(lab.reports, "");
}

// Produce 13 names topics only by id. The response to Metadata gave the name.
TEST(KafkaCodec, KnowsTopicsByTheirIds) {
  const std::string none(1, '\0');
  const std::string empty = "\x01";  // a compact list without elements
  const std::string single = "\x02";
  const std::string id = "0123456789abcdef";
  const auto flexible = [&](int key, int version, int correlation, const std::string& body) {
    return kafka_request(key, version, correlation, none + body + none);
  };
  const auto produce = [&](int correlation) {
    const auto part = kafka_int(3) + kafka_compact("records") + none;
    return flexible(0, 13, correlation,
                    none + kafka_int(0, 2) + kafka_int(1000) + single + id + single + part + none);
  };
  MessageLab lab("kafka", kafka_drop("direction = \"upstream\", topic = \"orders\""));
  lab.from_client(produce(1));
  EXPECT_EQ(lab.at_server(), produce(1));
  lab.from_client(flexible(3, 12, 2, none + kafka_int(0, 2)));
  const auto topic = kafka_int(0, 2) + kafka_compact("orders") + id + kafka_int(0, 1) + empty +
                     kafka_int(0) + none;
  lab.from_server(
      kafka_reply(2, none + kafka_int(0) + empty + none + kafka_int(1) + single + topic + none));
  lab.at_server();
  lab.from_client(produce(3));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.reports, "");
}

TEST(KafkaCodec, PassesOtherProtocolsAsBytes) {
  for (const std::string other :
       {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "hello, hello, hello"}) {
    for (const auto piece : kPieces) {
      MessageLab lab("kafka", kafka_drop("api = \"Produce\""), "", piece);
      lab.from_client(other);
      EXPECT_EQ(lab.at_server(), other);
      EXPECT_EQ(lab.reports.substr(0, 11), "not Kafka: ");
    }
  }
}

// A head could otherwise take as much memory as a message, and processor time to parse it.
TEST(KafkaCodec, EndsWithAnEndlessHeadOfARequest) {
  // Metadata version 9 has tagged fields in its header: their number, then tag and size of each.
  const auto tags = [](std::size_t count) {
    std::string bytes = "\xff\xff\x7f";
    while (count-- > 0) bytes += std::string("\1\0", 2);
    return kafka_bytes(kafka_int(3, 2) + kafka_int(9, 2) + kafka_int(1) + kafka_text("c") + bytes);
  };
  for (const auto* rules : {"", "[[rule]]\nfault = { type = \"drop\" }\n"}) {
    MessageLab lab("kafka", rules, "", 1000);
    lab.from_client(tags(600'000));
    EXPECT_EQ(lab.reports.substr(0, 44), "not Kafka: a request head of more than 1 MiB");
  }
}

TEST(KafkaCodec, PassesTheTokensOfTheFirstSaslVersionAsBytes) {
  MessageLab lab("kafka", kafka_drop("api = \"Produce\""));
  const auto handshake = kafka_request(17, 0, 1, kafka_text("PLAIN"));
  const auto token = kafka_bytes(std::string("\0user\0secret", 12));
  lab.from_client(handshake);
  lab.from_server(kafka_reply(1, kafka_int(0, 2) + kafka_int(1) + kafka_text("PLAIN")));
  lab.from_client(token);
  EXPECT_EQ(lab.at_server(), handshake + token);
  lab.from_server(kafka_bytes(""));
  EXPECT_EQ(lab.closed, "");
}

}  // namespace
}  // namespace brownout::test
