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
  std::string told(int leader) {
    from_client(kafka_metadata(++last_));
    from_server(kafka_orders(last_, leader));
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

TEST(KafkaLeader, LeavesOtherPartitionsAlone) {
  KafkaLeaderLab lab("topic = \"orders\", partition = 1");
  EXPECT_EQ(lab.told(1), kafka_orders(1, 1));
  EXPECT_EQ(lab.injected, 0);
}

}  // namespace
}  // namespace brownout::test
