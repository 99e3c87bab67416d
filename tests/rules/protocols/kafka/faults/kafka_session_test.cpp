#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

constexpr int kUnknownMemberId = 25;
constexpr int kIllegalGeneration = 22;
constexpr int kFencedInstanceId = 82;
constexpr int kFencedMemberEpoch = 110;
constexpr int kFetchSessionIdNotFound = 70;
constexpr int kInvalidFetchSessionEpoch = 71;
constexpr int kInvalidShareSessionEpoch = 123;
constexpr int kUnknownProducerId = 59;
constexpr int kInvalidProducerEpoch = 47;
constexpr int kInvalidProducerIdMapping = 49;
constexpr int kProducerFenced = 90;

class KafkaSessionLab : public MessageLab {
 public:
  explicit KafkaSessionLab(const std::string& keys)
      : MessageLab("kafka", "[[rule]]\nfault = { type = \"kafka_session\", " + keys + " }\n") {}
  // The answer in place of the broker; "passed" if the broker gets the request.
  std::string answer(const std::string& request) {
    from_client(request);
    return at_server() == request ? "passed" : at_client();
  }
};

std::string static_heartbeat(int correlation) {
  return kafka_request(
      12, 3, correlation,
      kafka_text("billing") + kafka_int(1) + kafka_text("member") + kafka_text("instance"));
}
const std::string kNoTags(1, '\0');

// ConsumerGroupHeartbeat version 0 without changes.
std::string newer_heartbeat(int correlation, int epoch) {
  return kafka_request(68, 0, correlation,
                       kNoTags + kafka_compact("billing") + kafka_compact("member") +
                           kafka_int(epoch) + kNoTags + kNoTags + kafka_int(-1) + kNoTags +
                           kNoTags + kNoTags + kNoTags);
}
// A record batch up to its producer id.
std::string batch_of(std::int64_t producer) {
  return kafka_int(0, 8) + kafka_int(49) + kafka_int(0) + kafka_int(2, 1) + kafka_int(0) +
         kafka_int(0, 2) + kafka_int(0) + kafka_int(0, 8) + kafka_int(0, 8) +
         kafka_int(producer, 8) + kafka_int(0, 2) + kafka_int(0) + kafka_int(0);
}
std::string refused_produce(int correlation, int error) {
  return kafka_reply(correlation, kafka_int(1) + kafka_text("orders") + kafka_int(1) +
                                      kafka_int(3) + kafka_int(error, 2) + kafka_int(0, 8) +
                                      kafka_int(-1, 8) + kafka_int(-1, 8) + kafka_int(0));
}
std::string end_transaction(int version, int correlation) {
  return kafka_request(
      26, version, correlation,
      kafka_text("payments") + kafka_int(7, 8) + kafka_int(0, 2) + kafka_int(1, 1));
}

TEST(KafkaSession, LosesAFetchSessionAndLetsTheNextOneBegin) {
  KafkaSessionLab lab("session = \"fetch\"");
  EXPECT_EQ(lab.answer(kafka_session_fetch(1, 0, 0)), "passed");
  lab.from_server(kafka_session_fetched(1, 77));
  EXPECT_EQ(lab.at_client(), kafka_session_fetched(1, 77));
  EXPECT_EQ(lab.answer(kafka_session_fetch(2, 77, 1)),
            kafka_session_fetched(2, 0, kFetchSessionIdNotFound));
  EXPECT_EQ(lab.answer(kafka_session_fetch(3, 0, 0)), "passed");
}

TEST(KafkaSession, LeavesFetchWithoutASessionAlone) {
  KafkaSessionLab lab("session = \"fetch\"");
  EXPECT_EQ(lab.answer(kafka_session_fetch(1, 0, -1)), "passed");
  EXPECT_EQ(lab.answer(kafka_fetch(2)), "passed");
  EXPECT_EQ(lab.injected, 0);
}

TEST(KafkaSession, RefusesTheEpochOfAFetchSessionOrShareSession) {
  KafkaSessionLab lab("how = \"fenced\"");
  EXPECT_EQ(lab.answer(kafka_session_fetch(1, 77, 1)),
            kafka_session_fetched(1, 0, kInvalidFetchSessionEpoch));
  const auto none = std::string("\1", 1);  // an empty list
  const auto acknowledge = kafka_request(
      79, 1, 2,
      kNoTags + kafka_compact("g") + kafka_compact("member") + kafka_int(5) + none + kNoTags);
  EXPECT_EQ(lab.answer(acknowledge),
            kafka_reply(2, kNoTags + kafka_int(0) + kafka_int(kInvalidShareSessionEpoch, 2) +
                               kNoTags + none + none + kNoTags));
}

TEST(KafkaSession, ForgetsAGroupMember) {
  KafkaSessionLab lab("session = \"member\"");
  EXPECT_EQ(lab.answer(kafka_heartbeat(1, "billing")), kafka_heartbeat_reply(1, kUnknownMemberId));
  EXPECT_EQ(lab.answer(newer_heartbeat(2, 0)), "passed");
}

TEST(KafkaSession, FencesAGroupMember) {
  KafkaSessionLab lab("session = \"member\", how = \"fenced\"");
  EXPECT_EQ(lab.answer(kafka_heartbeat(1, "billing")),
            kafka_heartbeat_reply(1, kIllegalGeneration));
  EXPECT_EQ(lab.answer(static_heartbeat(2)), kafka_heartbeat_reply(2, kFencedInstanceId));
  EXPECT_EQ(lab.answer(newer_heartbeat(3, 4)),
            kafka_reply(3, kNoTags + kafka_int(0) + kafka_int(kFencedMemberEpoch, 2) + kNoTags +
                               kNoTags + kafka_int(0) + kafka_int(0) + "\xff" + kNoTags));
}

// A consumer without a group, and admin tools, commit offsets without a member id.
TEST(KafkaSession, LeavesCommitsWithoutAMemberAlone) {
  const auto commit = [](std::string_view member) {
    return kafka_request(8, 5, 1,
                         kafka_text("billing") + kafka_int(-1) + kafka_text(member) + kafka_int(0));
  };
  KafkaSessionLab lab("session = \"member\"");
  EXPECT_EQ(lab.answer(commit("")), "passed");
}

TEST(KafkaSession, LosesTheStateOfAProducer) {
  KafkaSessionLab lab("session = \"producer\"");
  EXPECT_EQ(lab.answer(kafka_produce(1, "orders", batch_of(7))),
            refused_produce(1, kUnknownProducerId));
  EXPECT_EQ(lab.answer(end_transaction(1, 2)),
            kafka_reply(2, kafka_int(0) + kafka_int(kInvalidProducerIdMapping, 2)));
}

TEST(KafkaSession, FencesAProducer) {
  KafkaSessionLab lab("session = \"producer\", how = \"fenced\"");
  EXPECT_EQ(lab.answer(kafka_produce(1, "orders", batch_of(7))),
            refused_produce(1, kInvalidProducerEpoch));
  EXPECT_EQ(lab.answer(end_transaction(1, 2)),
            kafka_reply(2, kafka_int(0) + kafka_int(kInvalidProducerEpoch, 2)));
  EXPECT_EQ(lab.answer(end_transaction(2, 3)),
            kafka_reply(3, kafka_int(0) + kafka_int(kProducerFenced, 2)));
}

TEST(KafkaSession, LeavesProducersWithoutAnIdAlone) {
  KafkaSessionLab lab("session = \"producer\"");
  EXPECT_EQ(lab.answer(kafka_produce(1, "orders", batch_of(-1))), "passed");
  EXPECT_EQ(lab.answer(kafka_produce(2, "orders", "short")), "passed");
}

}  // namespace
}  // namespace brownout::test
