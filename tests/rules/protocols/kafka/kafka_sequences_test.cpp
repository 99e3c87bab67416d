#include "rules/protocols/kafka/kafka_sequences.h"

#include <gtest/gtest.h>

#include <limits>

namespace brownout::rules {
namespace {

const KafkaProducer kSequencesOwner{7, "orders", 3};

// Looks a batch up and, if it is new, adds it. Returns by how much its number moves.
std::int64_t shift_of(KafkaSequences& sequences, std::int32_t sequence, std::int64_t change = 0,
                      std::int16_t epoch = 0) {
  const auto known = sequences.find(kSequencesOwner, epoch, sequence);
  const std::vector<bool> hits(change == 0 ? 0 : 1, true);
  if (!known.hits) {
    EXPECT_TRUE(sequences.add(kSequencesOwner, epoch, sequence, hits, change));
  }
  return known.shift;
}

TEST(KafkaSequences, LaterBatchesMoveByAllChanges) {
  KafkaSequences sequences;
  EXPECT_EQ(shift_of(sequences, 0), 0);
  EXPECT_EQ(shift_of(sequences, 10, -2), 0);
  EXPECT_EQ(shift_of(sequences, 20, -3), -2);
  EXPECT_EQ(shift_of(sequences, 30, 1), -5);
  EXPECT_EQ(shift_of(sequences, 40), -4);
  EXPECT_EQ(shift_of(sequences, 900), -4);
}

TEST(KafkaSequences, ABatchThatIsSentAgainMovesAsBefore) {
  KafkaSequences sequences;
  shift_of(sequences, 0, -2);
  shift_of(sequences, 10, -3);
  shift_of(sequences, 20);
  EXPECT_EQ(shift_of(sequences, 10, -9), -2);
  EXPECT_EQ(sequences.find(kSequencesOwner, 0, 10).hits->size(), 1U);
  EXPECT_EQ(sequences.find(kSequencesOwner, 0, 20).hits->size(), 0U);
  EXPECT_EQ(shift_of(sequences, 20), -5);
  EXPECT_EQ(shift_of(sequences, 30), -5);
}

TEST(KafkaSequences, ForgetsOldBatchesButNotTheirChanges) {
  KafkaSequences sequences;
  for (std::int32_t i = 0; i < 100; ++i) EXPECT_EQ(shift_of(sequences, 10 * i, -1), -i);
  EXPECT_EQ(shift_of(sequences, 1000), -100);
  EXPECT_FALSE(sequences.find(kSequencesOwner, 0, 0).hits);
}

TEST(KafkaSequences, NumbersBeginAgainBehindTheLast) {
  KafkaSequences sequences;
  const auto last = std::numeric_limits<std::int32_t>::max();
  shift_of(sequences, last - 4, -2);
  EXPECT_EQ(shift_of(sequences, 5), -2);
}

TEST(KafkaSequences, ANewEpochAndAnotherProducerBeginWithoutChanges) {
  KafkaSequences sequences;
  shift_of(sequences, 0, -2);
  EXPECT_EQ(shift_of(sequences, 10, -1, 1), 0);
  EXPECT_EQ(shift_of(sequences, 20, 0, 1), -1);
  EXPECT_EQ(sequences.find({8, "orders", 3}, 1, 20).shift, 0);
  EXPECT_EQ(sequences.find({7, "orders", 4}, 1, 20).shift, 0);
}

TEST(KafkaSequences, RefusesWhatIsTooMuch) {
  KafkaSequences sequences;
  for (std::size_t i = 0; i < KafkaSequences::kMostProducers; ++i) {
    EXPECT_TRUE(sequences.add({static_cast<std::int64_t>(i), "orders", 0}, 0, 0, {}, 0));
  }
  EXPECT_FALSE(sequences.add({-5, "orders", 0}, 0, 0, {}, 0));
  EXPECT_TRUE(sequences.add({1, "orders", 0}, 0, 10, {}, 0));
  EXPECT_FALSE(sequences.add({1, "orders", 0}, 0, 20,
                             std::vector<bool>(KafkaSequences::kMostRecords + 1), -1));
}

}  // namespace
}  // namespace brownout::rules
