#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

class KafkaLeaderLab : public MessageLab {
 public:
  explicit KafkaLeaderLab(const std::string& keys)
      : MessageLab("kafka", "[[rule]]\nfault = { type = \"kafka_leader\", " + keys + " }\n") {}
  // The response that the client gets if the broker names this leader.
  std::string told(int leader, int error = 0) {
    return told(kafka_metadata(last_ + 1), kafka_orders(last_ + 1, leader, error));
  }
  std::string told(const std::string& request, const std::string& response) {
    ++last_;
    from_client(request);
    from_server(response);
    return at_client();
  }

 private:
  int last_ = 0;
};

TEST(KafkaLeader, LeavesAPartitionWithoutALeader) {
  constexpr int kLeaderNotAvailable = 5;
  KafkaLeaderLab lab("how = \"none\", topic = \"orders\", partition = 0");
  EXPECT_EQ(lab.told(1), kafka_orders(1, -1, kLeaderNotAvailable));
}

TEST(KafkaLeader, NamesAnotherBroker) {
  KafkaLeaderLab lab("how = \"other\"");
  EXPECT_EQ(lab.told(1), kafka_orders(1, 2));
  EXPECT_EQ(lab.told(2), kafka_orders(2, 1));
}

TEST(KafkaLeader, Flaps) {
  KafkaLeaderLab lab("how = \"flapping\"");
  EXPECT_EQ(lab.told(1), kafka_orders(1, 2));
  EXPECT_EQ(lab.told(1), kafka_orders(2, 1));
  EXPECT_EQ(lab.told(1), kafka_orders(3, 2));
}

// Metadata version 7: a broker, and partition 0 of orders.
std::string orders_at(int correlation, int broker, int leader, int epoch,
                      const std::string& more_brokers = "") {
  return kafka_reply(correlation,
                     kafka_int(0) + kafka_int(more_brokers.empty() ? 1 : 2) + kafka_int(broker) +
                         kafka_text("b") + kafka_int(9090 + broker) + kafka_int(-1, 2) +
                         more_brokers + kafka_int(-1, 2) + kafka_int(1) + kafka_int(1) +
                         kafka_int(0, 2) + kafka_text("orders") + kafka_int(0, 1) + kafka_int(1) +
                         kafka_int(0, 2) + kafka_int(0) + kafka_int(leader) + kafka_int(epoch) +
                         kafka_int(0) + kafka_int(0) + kafka_int(0));
}

TEST(KafkaLeader, StaysWithTheFirstLeaderItsEpochAndItsAddress) {
  const auto ask = [](int correlation) {
    return kafka_request(3, 7, correlation, kafka_int(-1) + kafka_int(1, 1));
  };
  KafkaLeaderLab lab("how = \"stale\"");
  EXPECT_EQ(lab.told(ask(1), orders_at(1, 1, 1, 4)), orders_at(1, 1, 1, 4));
  EXPECT_EQ(lab.injected, 0);
  const auto gone = kafka_int(1) + kafka_text("b") + kafka_int(9091) + kafka_int(-1, 2);
  EXPECT_EQ(lab.told(ask(2), orders_at(2, 2, 2, 5)), orders_at(2, 2, 1, 4, gone));
  EXPECT_EQ(lab.told(ask(3), orders_at(3, 1, 1, 6)), orders_at(3, 1, 1, 4));
  EXPECT_EQ(lab.injected, 2);
}

TEST(KafkaLeader, IsStaleOnceALeaderWasKnown) {
  KafkaLeaderLab lab("how = \"stale\"");
  EXPECT_EQ(lab.told(-1, 5), kafka_orders(1, -1, 5));
  EXPECT_EQ(lab.told(1), kafka_orders(2, 1));
  EXPECT_EQ(lab.told(-1, 5), kafka_orders(3, 1));
  EXPECT_EQ(lab.told(2), kafka_orders(4, 1));
}

TEST(KafkaLeader, LeavesOtherPartitionsAlone) {
  KafkaLeaderLab lab("topic = \"orders\", partition = 1");
  EXPECT_EQ(lab.told(1), kafka_orders(1, 1));
  EXPECT_EQ(lab.injected, 0);
}

}  // namespace
}  // namespace brownout::test
