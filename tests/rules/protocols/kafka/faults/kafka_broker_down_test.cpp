#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

TEST(KafkaBrokerDown, RemovesTheBrokerAndItsLeadership) {
  const auto broker = [](int id) {
    return kafka_int(id) + kafka_text("b") + kafka_int(9092) + kafka_int(-1, 2);
  };
  const auto partition = [](int number, int leader, int error, const std::string& in_sync) {
    return kafka_int(error, 2) + kafka_int(number) + kafka_int(leader) + kafka_int(2) +
           kafka_int(1) + kafka_int(2) + in_sync;
  };
  const auto topic = kafka_int(1) + kafka_int(0, 2) + kafka_text("orders") + kafka_int(0, 1);
  const auto both = kafka_int(2) + kafka_int(1) + kafka_int(2);
  const auto first = kafka_int(1) + kafka_int(1);
  constexpr int kLeaderNotAvailable = 5;
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"kafka_broker_down\", node = 2 }\n");
  lab.from_client(kafka_metadata(1));
  lab.from_server(kafka_reply(1, kafka_int(2) + broker(1) + broker(2) + kafka_int(1) + topic +
                                     kafka_int(2) + partition(0, 1, 0, both) +
                                     partition(1, 2, 0, both)));
  EXPECT_EQ(lab.at_client(), kafka_reply(1, kafka_int(1) + broker(1) + kafka_int(1) + topic +
                                                kafka_int(2) + partition(0, 1, 0, first) +
                                                partition(1, -1, kLeaderNotAvailable, first)));
}

TEST(KafkaBrokerDown, LeavesItsGroupsWithoutACoordinator) {
  constexpr int kCoordinatorNotAvailable = 15;
  const auto found = [](int error, int node, std::string_view host, int port) {
    return kafka_reply(1,
                       kafka_int(error, 2) + kafka_int(node) + kafka_text(host) + kafka_int(port));
  };
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"kafka_broker_down\", node = [2, 3] }\n");
  lab.from_client(kafka_request(10, 0, 1, kafka_text("billing")));
  lab.from_server(found(0, 2, "b", 9092));
  EXPECT_EQ(lab.at_client(), found(kCoordinatorNotAvailable, -1, "", -1));
}

}  // namespace
}  // namespace brownout::test
