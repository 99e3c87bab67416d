// Tests the lag that the consumer of a Kafka user measures. Rebalances need a broker
// (tests/e2e/rehearse_kafka_groups_test.sh).
#include <gtest/gtest.h>

#include "proxy/rehearsal/kafka_group.h"

namespace brownout::test {
namespace {

std::int64_t lag_of(rehearsal::KafkaGroup& group) {
  rehearsal::Attempt done;
  group.measure(done, rules::Instant{});
  return done.lag.value_or(-1);
}

TEST(KafkaGroup, MessagesThatTheBrokerHasAndNobodyReadAreALag) {
  rehearsal::KafkaGroup group;
  EXPECT_EQ(lag_of(group), 0);
  for (const auto number : {1U, 2U, 3U}) group.on_stored(number);
  EXPECT_EQ(lag_of(group), 3);
  group.on_read(1);
  EXPECT_EQ(lag_of(group), 2);
  group.on_read(2);
  group.on_read(3);
  EXPECT_EQ(lag_of(group), 0);
}

TEST(KafkaGroup, AMessageOlderThanTheLastThatWasReadIsNoLag) {
  rehearsal::KafkaGroup group;
  for (const auto number : {1U, 2U, 3U}) group.on_stored(number);
  group.on_read(3);
  EXPECT_EQ(lag_of(group), 0);
  // The consumer may read a message before the producer knows that the broker has it.
  group.on_read(5);
  group.on_stored(5);
  EXPECT_EQ(lag_of(group), 0);
}

}  // namespace
}  // namespace brownout::test
