#include "rules/protocols/kafka/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/protocols/kafka/compression.h"
#include "rules/protocols/kafka/record_wire.h"
#include "tests/support/kafka_batches.h"

namespace brownout {
namespace {

using rules::KafkaBatchState;
using test::read_records;
using test::recorded_batch;
using test::shown;
using test::write_records;
using testing::HasSubstr;

// Changes nothing, but makes the codec write the batches from their fields.
rules::KafkaRecords touched(rules::KafkaRecords records) {
  for (auto& batch : records.batches) batch.changed = true;
  return records;
}

std::string expected_records(const std::string& name) {
  std::string fox;
  for (int i = 0; i < 8; ++i) fox += "the quick brown fox ";
  const bool append_time = name.ends_with("append-time");
  const auto time = [&](const char* created) -> std::string {
    if (name.find("-v0-") != std::string::npos) return "-1";
    return append_time ? "1700000009000" : created;
  };
  std::string headers;
  if (name.find("-v2-") != std::string::npos) {
    headers = name.starts_with("kafka-python") ? " h:x" : " h:x n:null";
  }
  const int first = append_time ? 40 : 0;
  return std::to_string(first) + " " + time("1700000000000") + " k1=first " + fox + headers + "\n" +
         std::to_string(first + 1) + " " + time("1700000000005") + " null=second " + fox + "\n" +
         std::to_string(first + 2) + " " + time("1699999999993") + " k3=null\n";
}

TEST(KafkaRecordBatches, ReadsWhatClientsWriteAndWritesTheSameBytes) {
  const auto recorded = test::recorded_batches();
  ASSERT_GE(recorded.size(), 40U);
  for (const auto& [name, field] : recorded) {
    const auto records = read_records(field);
    for (std::size_t i = 0; i < records.batches.size(); ++i) {
      const bool partial = i > 0 && name.ends_with("-partial");
      EXPECT_EQ(records.batches[i].state,
                partial ? KafkaBatchState::kPartial : KafkaBatchState::kRead)
          << name << ": " << records.batches[i].problem;
    }
    EXPECT_EQ(write_records(records), field) << name;
    if (name.ends_with("-commit")) continue;
    EXPECT_EQ(shown(records), expected_records(name)) << name;
  }
}

TEST(KafkaRecordBatches, WritesAChangedBatchWithItsCompressionAndTheSameContents) {
  for (const auto& [name, field] : test::recorded_batches()) {
    const auto records = read_records(field);
    const auto again = read_records(write_records(touched(records)));
    EXPECT_EQ(shown(again), shown(records)) << name;
    ASSERT_EQ(again.batches.size(), records.batches.size()) << name;
    for (std::size_t i = 0; i < again.batches.size(); ++i) {
      EXPECT_EQ(again.batches[i].problem, "") << name;
      EXPECT_EQ(again.batches[i].attributes, records.batches[i].attributes) << name;
    }
    if (name.find("-v2-") == std::string::npos) continue;
    EXPECT_EQ(test::shown_fields(again), test::shown_fields(records)) << name;
    if (name.ends_with("-none")) {
      EXPECT_EQ(write_records(touched(records)), field) << name;
    }
  }
}

TEST(KafkaRecordBatches, ReadsTheFieldsOfABatch) {
  const auto records = read_records(recorded_batch("java-v2-transactional"));
  const auto& batch = records.batches.front();
  EXPECT_EQ(batch.producer_id, 4000);
  EXPECT_EQ(batch.producer_epoch, 3);
  EXPECT_EQ(batch.base_sequence, 17);
  EXPECT_EQ(batch.last_offset_delta, 2);
  EXPECT_EQ(batch.base_timestamp, 1700000000000);
  EXPECT_EQ(batch.max_timestamp, 1700000000005);
  EXPECT_TRUE(rules::is_transactional(batch));
  EXPECT_FALSE(rules::is_control(batch));
  const auto commit = read_records(recorded_batch("java-v2-commit"));
  EXPECT_TRUE(rules::is_control(commit.batches.front()));
  EXPECT_EQ(commit.batches.front().partition_leader_epoch, 7);
  EXPECT_EQ(rules::compression_of(read_records(recorded_batch("java-v1-lz4")).batches.front()),
            rules::KafkaCompression::kLz4);
}

TEST(KafkaRecordBatches, KeepsAPartialBatchAtTheEndByteForByte) {
  for (const auto* name : {"java-v2-zstd", "java-v1-gzip", "java-v0-snappy"}) {
    const auto whole = recorded_batch(name);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const auto field = whole + whole.substr(0, size);
      auto records = read_records(field);
      ASSERT_EQ(records.batches.size(), 2U);
      EXPECT_EQ(records.batches[1].state, KafkaBatchState::kPartial);
      EXPECT_EQ(write_records(records), field);
      set_value(records.batches[0], 0, "other");
      EXPECT_FALSE(corrupt_crc(records.batches[1]));
      EXPECT_TRUE(write_records(records).ends_with(whole.substr(0, size)));
    }
  }
}

TEST(KafkaRecordBatches, PassesWhatItCannotRead) {
  const auto good = recorded_batch("java-v2-none");
  const auto expect_state = [&](const std::string& bad, KafkaBatchState state,
                                const std::string& problem) {
    auto records = read_records(bad + good);
    EXPECT_EQ(records.batches.front().state, state);
    EXPECT_EQ(records.batches.front().problem, problem);
    EXPECT_TRUE(records.batches.front().records.empty());
    EXPECT_EQ(write_records(touched(records)), bad + good);
    if (problem.find("length") == std::string::npos) {
      EXPECT_EQ(records.batches.back().records.size(), 3U);
    }
  };
  auto bad = good;
  bad[16] = 3;
  expect_state(bad, KafkaBatchState::kUnknownMagic, "");
  bad = good;
  bad.back() = 'X';
  expect_state(bad, KafkaBatchState::kUnreadable, "wrong CRC");
  bad = recorded_batch("java-v1-gzip");
  bad.back() = 'X';
  expect_state(bad, KafkaBatchState::kUnreadable, "wrong CRC");
  bad = good.substr(0, 20);
  bad.replace(8, 4, std::string("\0\0\0\x08", 4));
  expect_state(bad, KafkaBatchState::kUnreadable, "the batch is too short");
  bad = good;
  bad[8] = '\xff';
  expect_state(bad, KafkaBatchState::kUnreadable, "the batch has a negative length");
}

TEST(KafkaRecordBatches, CorruptsNothingButTheCrc) {
  for (const auto& [name, field] : test::recorded_batches()) {
    auto records = read_records(field);
    ASSERT_TRUE(corrupt_crc(records.batches[0])) << name;
    const auto bad = write_records(records);
    ASSERT_EQ(bad.size(), field.size());
    const std::size_t at = field[16] == 2 ? 17 : 12;
    EXPECT_EQ(bad.substr(0, at) + bad.substr(at + 4), field.substr(0, at) + field.substr(at + 4));
    EXPECT_EQ(read_records(bad).batches[0].problem, "wrong CRC") << name;
    records.batches[0].changed = true;
    EXPECT_EQ(read_records(write_records(records)).batches[0].problem, "wrong CRC") << name;
  }
}

TEST(KafkaRecordBatches, BoundsWhatACompressedBatchBecomes) {
  for (const auto* name : {"java-v2-gzip", "java-v2-snappy", "java-v2-lz4", "java-v2-zstd",
                           "java-v1-gzip", "java-v0-lz4"}) {
    auto records = read_records(recorded_batch(name));
    set_value(records.batches[0], 0, std::string(1 << 20, 'x'));
    const auto field = write_records(records);
    EXPECT_LT(field.size(), 100'000U) << name;
    EXPECT_EQ(read_records(field).batches[0].problem, "") << name;
    const auto bounded = read_records(field, {.plain_bytes = 1 << 20});
    EXPECT_THAT(bounded.batches[0].problem, HasSubstr("more than 1048576 bytes")) << name;
    EXPECT_EQ(write_records(bounded), field) << name;
    // All batches of a field share the limit.
    const auto twice = read_records(field + field, {.plain_bytes = 3 << 19});
    EXPECT_EQ(twice.batches[0].problem, "") << name;
    EXPECT_THAT(twice.batches[1].problem, HasSubstr("more than")) << name;
  }
  for (const auto* name : {"java-v2-none", "java-v1-gzip"}) {
    const auto field = recorded_batch(name);
    EXPECT_NE(read_records(field, {.records = 2}).batches[0].problem, "") << name;
    EXPECT_EQ(read_records(field, {.records = 5}).batches[0].problem, "") << name;
  }
  // Each header counts as well.
  EXPECT_NE(read_records(recorded_batch("java-v2-none"), {.records = 4}).batches[0].problem, "");
}

TEST(KafkaRecordBatches, ReadsRawSnappyAndSeveralMembersOfGzip) {
  const auto raw = read_records(recorded_batch("librdkafka-v2-snappy"));
  EXPECT_EQ(shown(raw), expected_records("librdkafka-v2-snappy"));
  const auto gzip = rules::KafkaCompression::kGzip;
  const auto two = rules::compress_records(gzip, 2, "ab").value() +
                   rules::compress_records(gzip, 2, "cd").value();
  EXPECT_EQ(rules::decompress_records(gzip, 2, two, 100).value(), "abcd");
}

TEST(KafkaRecordBatches, WritesOldLz4FramesAsOldClientsDo) {
  const auto field = recorded_batch("java-v0-lz4");
  EXPECT_EQ(field, write_records(touched(read_records(field))));
  // The header checksum of v0 differs from that of the lz4 format.
  const auto lz4 = rules::KafkaCompression::kLz4;
  const auto old = rules::compress_records(lz4, 0, "abc").value();
  EXPECT_FALSE(rules::decompress_records(lz4, 1, old, 100));
  EXPECT_EQ(rules::decompress_records(lz4, 0, old, 100).value(), "abc");
}

TEST(KafkaRecordBatches, WritesEachMessageOfADuplicateAndNoneForADrop) {
  const auto all = [](std::size_t, const rules::KafkaRecord&) { return true; };
  for (const auto* name : {"java-v0-none", "java-v1-none"}) {
    auto records = read_records(recorded_batch(name));
    ASSERT_EQ(records.batches.size(), 3U);
    duplicate_records(records.batches[0], all, 1, rules::KafkaNumbering::kKept);
    drop_records(records.batches[1], all, rules::KafkaNumbering::kKept);
    const auto again = read_records(write_records(records));
    ASSERT_EQ(again.batches.size(), 3U);
    EXPECT_EQ(again.batches[1].records[0].key, "k1");
    EXPECT_EQ(again.batches[2].records[0].key, "k3");
    EXPECT_EQ(again.batches[2].base_offset, 2);
  }
}

TEST(KafkaRecordBatches, ComputesTheChecksumsOfTheirSpecifications) {
  // RFC 3720, B.4, and the check value of both algorithms.
  EXPECT_EQ(rules::record_crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(rules::record_crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(rules::record_crc32c(""), 0U);
  EXPECT_EQ(rules::record_crc32("123456789"), 0xcbf43926U);
}

TEST(KafkaRecordBatches, ReadsAnEmptyField) {
  EXPECT_TRUE(read_records("").batches.empty());
  EXPECT_EQ(write_records({}), "");
}

}  // namespace
}  // namespace brownout
