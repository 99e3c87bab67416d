#include "rules/protocols/kafka/kafka_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

using testing::ElementsAre;

// A batch with 4 records: keys a to d, 10 ms between them.
KafkaBatch batch_of_four() {
  KafkaBatch batch;
  batch.base_offset = 100;
  batch.base_timestamp = 1000;
  batch.max_timestamp = 1030;
  batch.last_offset_delta = 3;
  batch.producer_id = 7;
  batch.base_sequence = 20;
  for (const auto* key : {"a", "b", "c", "d"}) {
    const auto count = static_cast<std::int64_t>(batch.records.size());
    batch.records.push_back({.offset_delta = count, .timestamp_delta = 10 * count, .key = key});
  }
  return batch;
}

KafkaRecordPredicate has_key(std::string key) {
  return
      [key = std::move(key)](std::size_t, const KafkaRecord& record) { return record.key == key; };
}

std::vector<std::string> keys_with_offsets(const KafkaBatch& batch) {
  std::vector<std::string> all;
  for (const auto& record : batch.records) {
    all.push_back(std::string(record.key.value_or("null")) +
                  std::to_string(offset_of(batch, record)));
  }
  return all;
}

TEST(KafkaRecords, DropRenumbersAProduceBatch) {
  auto batch = batch_of_four();
  EXPECT_EQ(drop_records(batch, has_key("d"), KafkaNumbering::kConsecutive), 1U);
  EXPECT_EQ(drop_records(batch, has_key("a"), KafkaNumbering::kConsecutive), 1U);
  EXPECT_THAT(keys_with_offsets(batch), ElementsAre("b100", "c101"));
  EXPECT_EQ(batch.last_offset_delta, 1);
  EXPECT_EQ(batch.max_timestamp, 1020);
  EXPECT_EQ(timestamp_of(batch, batch.records[0]), 1010);
  EXPECT_TRUE(batch.changed);
}

TEST(KafkaRecords, DropLeavesHolesInAFetchedBatch) {
  auto batch = batch_of_four();
  drop_records(batch, has_key("d"), KafkaNumbering::kKept);
  drop_records(batch, has_key("b"), KafkaNumbering::kKept);
  EXPECT_THAT(keys_with_offsets(batch), ElementsAre("a100", "c102"));
  EXPECT_EQ(batch.last_offset_delta, 3);
  drop_records(batch, has_key("a"), KafkaNumbering::kKept);
  drop_records(batch, has_key("c"), KafkaNumbering::kKept);
  EXPECT_EQ(batch.last_offset_delta, 3);
  EXPECT_EQ(batch.max_timestamp, 1020);
}

TEST(KafkaRecords, DropOfNothingChangesNothing) {
  auto batch = batch_of_four();
  EXPECT_EQ(drop_records(batch, has_key("x"), KafkaNumbering::kConsecutive), 0U);
  EXPECT_EQ(duplicate_records(batch, has_key("x"), 5, KafkaNumbering::kConsecutive), 0U);
  EXPECT_EQ(duplicate_records(batch, has_key("a"), 0, KafkaNumbering::kConsecutive), 0U);
  EXPECT_FALSE(batch.changed);
}

TEST(KafkaRecords, DuplicatesFollowTheirRecord) {
  auto batch = batch_of_four();
  EXPECT_EQ(duplicate_records(batch, has_key("b"), 2, KafkaNumbering::kConsecutive), 2U);
  EXPECT_THAT(keys_with_offsets(batch),
              ElementsAre("a100", "b101", "b102", "b103", "c104", "d105"));
  EXPECT_EQ(batch.last_offset_delta, 5);
  auto fetched = batch_of_four();
  duplicate_records(fetched, has_key("d"), 1, KafkaNumbering::kKept);
  EXPECT_THAT(keys_with_offsets(fetched), ElementsAre("a100", "b101", "c102", "d103", "d103"));
  EXPECT_EQ(fetched.last_offset_delta, 3);
}

TEST(KafkaRecords, ReplacesKeysAndValuesWhichOutliveTheOriginal) {
  KafkaBatch copy;
  {
    auto batch = batch_of_four();
    set_key(batch, 0, std::string("other key, longer than a short string"));
    set_value(batch, 1, std::string("value, longer than a short string is"));
    set_value(batch, 2, std::nullopt);
    copy = batch;
  }
  EXPECT_EQ(copy.records[0].key, "other key, longer than a short string");
  EXPECT_EQ(copy.records[1].value, "value, longer than a short string is");
  EXPECT_EQ(copy.records[2].value, std::nullopt);
  EXPECT_TRUE(copy.changed);
}

TEST(KafkaRecords, SetsAHeaderOnce) {
  auto batch = batch_of_four();
  batch.records[0].headers = {{"h", "1"}, {"i", "2"}, {"h", "3"}};
  EXPECT_TRUE(set_header(batch, 0, "h", "new"));
  EXPECT_TRUE(set_header(batch, 0, "j", std::nullopt));
  const auto& headers = batch.records[0].headers;
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].key, "h");
  EXPECT_EQ(headers[0].value, "new");
  EXPECT_EQ(headers[1].key, "i");
  EXPECT_EQ(headers[2].key, "j");
  EXPECT_EQ(headers[2].value, std::nullopt);
  batch.magic = 1;
  EXPECT_FALSE(set_header(batch, 0, "h", "x"));
}

TEST(KafkaRecords, ReplacesTheSchemaIdOfConfluentsFormat) {
  auto batch = batch_of_four();
  set_value(batch, 0, std::string("\0\0\0\1\2data", 9));
  EXPECT_EQ(schema_id_of(batch.records[0].value), 258U);
  EXPECT_TRUE(set_schema_id(batch, 0, 0x01020304));
  EXPECT_EQ(batch.records[0].value, std::string_view("\0\1\2\3\4data", 9));
  for (const auto& text : {std::string("\1\0\0\1\2data", 9), std::string("\0\0\0\1", 4)}) {
    set_value(batch, 1, text);
    EXPECT_FALSE(set_schema_id(batch, 1, 5)) << text;
    EXPECT_EQ(batch.records[1].value, text);
  }
  EXPECT_FALSE(set_schema_id(batch, 3, 5));
}

TEST(KafkaRecords, ShiftsTimestamps) {
  auto batch = batch_of_four();
  EXPECT_TRUE(shift_timestamps(batch, -500));
  EXPECT_EQ(timestamp_of(batch, batch.records[1]), 510);
  EXPECT_EQ(batch.max_timestamp, 530);
  EXPECT_TRUE(shift_timestamp(batch, 1, 1000));
  EXPECT_EQ(timestamp_of(batch, batch.records[1]), 1510);
  EXPECT_EQ(timestamp_of(batch, batch.records[2]), 520);
  EXPECT_EQ(batch.max_timestamp, 1510);
}

TEST(KafkaRecords, ShiftsOnlyTheTimeOfAWholeBatchWhereTheBrokerSetIt) {
  auto batch = batch_of_four();
  batch.attributes = 0x08;
  EXPECT_EQ(timestamp_of(batch, batch.records[0]), 1030);
  EXPECT_FALSE(shift_timestamp(batch, 0, 5));
  EXPECT_FALSE(batch.changed);
  drop_records(batch, has_key("d"), KafkaNumbering::kKept);
  EXPECT_TRUE(shift_timestamps(batch, 5));
  EXPECT_EQ(timestamp_of(batch, batch.records[0]), 1035);
  batch = batch_of_four();
  batch.magic = 0;
  EXPECT_EQ(timestamp_of(batch, batch.records[0]), -1);
  EXPECT_FALSE(shift_timestamp(batch, 0, 5));
  EXPECT_FALSE(shift_timestamps(batch, 5));
}

TEST(KafkaRecords, ShiftsSequenceNumbersWhichWrap) {
  auto batch = batch_of_four();
  shift_sequence(batch, -3);
  EXPECT_EQ(batch.base_sequence, 17);
  batch.base_sequence = 0x7fffffff;
  shift_sequence(batch, 2);
  EXPECT_EQ(batch.base_sequence, 1);
  shift_sequence(batch, -2);
  EXPECT_EQ(batch.base_sequence, 0x7fffffff);
  KafkaBatch plain;
  shift_sequence(plain, 2);
  EXPECT_EQ(plain.base_sequence, -1);
  EXPECT_FALSE(plain.changed);
}

}  // namespace
}  // namespace brownout::rules
