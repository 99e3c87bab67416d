// Reads and writes random records fields, whole, cut off and damaged.
#include <gtest/gtest.h>

#include <random>

#include "rules/protocols/kafka/record_wire.h"
#include "tests/support/kafka_batches.h"

namespace brownout {
namespace {

using test::read_records;
using test::shown;
using test::shown_fields;
using test::write_records;

class RandomBatches {
 public:
  explicit RandomBatches(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  // A batch with views of `owners`, as if it had been read.
  rules::KafkaBatch batch() {
    rules::KafkaBatch batch;
    batch.changed = true;
    batch.magic = static_cast<std::int8_t>(below(3));
    const auto compressions = batch.magic == 2 ? 5U : 4U;
    batch.attributes = static_cast<std::int16_t>(below(compressions));
    const bool compressed = batch.attributes != 0;
    batch.base_offset = static_cast<std::int64_t>(below(1U << 30U));
    batch.base_timestamp = batch.magic == 0 ? -1 : static_cast<std::int64_t>(random_() >> 20U);
    // A plain message of v0 and v1 is a batch of its own.
    const auto count = batch.magic == 2 || compressed ? 1 + below(20) : 1U;
    for (std::size_t i = 0; i < count; ++i) add_record(batch, i);
    batch.last_offset_delta = static_cast<std::int32_t>(batch.records.back().offset_delta);
    batch.max_timestamp = -1;
    for (const auto& record : batch.records) {
      batch.max_timestamp = std::max(batch.max_timestamp, rules::timestamp_of(batch, record));
    }
    if (batch.magic < 2) return batch;
    batch.attributes =
        static_cast<std::int16_t>(batch.attributes | static_cast<int>(below(2)) << 4);
    batch.producer_id = static_cast<std::int64_t>(below(1000));
    batch.producer_epoch = static_cast<std::int16_t>(below(100));
    batch.base_sequence = static_cast<std::int32_t>(below(1U << 31U));
    batch.partition_leader_epoch = static_cast<std::int32_t>(below(50));
    return batch;
  }

 private:
  void add_record(rules::KafkaBatch& batch, std::size_t i) {
    batch.records.push_back({.offset_delta = static_cast<std::int64_t>(i)});
    auto& record = batch.records.back();
    if (batch.magic > 0 && i > 0) {
      record.timestamp_delta = static_cast<std::int64_t>(below(100'000)) - 1000;
    }
    if (below(4) > 0) set_key(batch, i, text());
    if (below(4) > 0) set_value(batch, i, text());
    if (batch.magic < 2) return;
    for (auto headers = below(3); headers > 0; --headers) {
      set_header(batch, i, text(), below(2) > 0 ? std::optional(text()) : std::nullopt);
    }
  }
  std::string text() {
    std::string text(below(64) == 0 ? below(70'000) : below(40), 'a');
    for (std::size_t i = below(7); i < text.size(); i += 1 + below(20)) {
      text[i] = static_cast<char>(random_());
    }
    return text;
  }

  std::mt19937_64 random_;
};

rules::KafkaRecords random_records(RandomBatches& random) {
  rules::KafkaRecords records;
  for (auto count = 1 + random.below(3); count > 0; --count) {
    records.batches.push_back(random.batch());
  }
  return records;
}

TEST(KafkaRecordProperties, ReadsWhatItWrote) {
  RandomBatches random(1);
  for (int round = 0; round < 300; ++round) {
    const auto records = random_records(random);
    const auto field = write_records(records);
    const auto again = read_records(field);
    EXPECT_EQ(shown(again), shown(records));
    EXPECT_EQ(shown_fields(again), shown_fields(records));
    EXPECT_EQ(write_records(again), field);
  }
}

TEST(KafkaRecordProperties, ReadsAFieldCutAnywhereAndKeepsItsBytes) {
  RandomBatches random(2);
  for (int round = 0; round < 300; ++round) {
    const auto whole = write_records(random_records(random));
    // A copy of exactly this size lets the address sanitizer see a read behind its end.
    const std::string field(whole, 0, random.below(whole.size() + 1));
    EXPECT_EQ(write_records(read_records(field)), field);
  }
}

// Sets the CRC of the first batch, so that damaged contents get past its check.
void repair_crc(std::string& field) {
  if (field.size() < 26) return;
  const bool v2 = field[16] == 2;
  const auto size = rules::RecordReader(field.substr(8)).number<std::uint32_t>();
  const std::string_view batch = std::string_view(field).substr(0, std::size_t{12} + size);
  rules::RecordWriter crc;
  crc.number(v2 ? rules::record_crc32c(batch.substr(21)) : rules::record_crc32(batch.substr(16)));
  field.replace(v2 ? 17 : 12, crc.size(), crc.text());
}

TEST(KafkaRecordProperties, ReadsADamagedFieldAndKeepsItsBytes) {
  RandomBatches random(3);
  int read = 0;
  for (int round = 0; round < 2000; ++round) {
    rules::KafkaRecords records;
    records.batches.push_back(random.batch());
    auto field = write_records(records);
    for (auto damages = 1 + random.below(3); damages > 0; --damages) {
      // Half of the damages are in the fields before the records.
      const auto bound =
          random.below(2) > 0 ? field.size() : std::min<std::size_t>(70, field.size());
      field[random.below(bound)] = static_cast<char>(random.below(256));
    }
    repair_crc(field);
    auto damaged = read_records(field, {.plain_bytes = 1 << 20, .records = 10'000});
    EXPECT_EQ(write_records(damaged), field);
    if (damaged.batches[0].state != rules::KafkaBatchState::kRead) continue;
    ++read;
    damaged.batches[0].changed = true;
    EXPECT_EQ(shown(read_records(write_records(damaged))), shown(damaged));
  }
  // Some damages change only contents, such as a value.
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace brownout
