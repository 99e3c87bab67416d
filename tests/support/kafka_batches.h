// Records fields of Kafka clients, from tests/rules/protocols/kafka/recorded_batches.txt, and
// helpers to compare batches.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "rules/protocols/kafka/record_batch.h"
#include "tests/support/files.h"

namespace brownout::test {

struct RecordedBatch {
  std::string name;
  std::string field;
};

inline std::vector<RecordedBatch> recorded_batches() {
  std::vector<RecordedBatch> all;
  std::istringstream text(read_source("tests/rules/protocols/kafka/recorded_batches.txt"));
  for (std::string line; std::getline(text, line);) {
    const auto space = line.find(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    RecordedBatch batch{line.substr(0, space), {}};
    for (auto at = space + 1; at + 1 < line.size(); at += 2) {
      batch.field += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    }
    all.push_back(std::move(batch));
  }
  return all;
}

inline std::string recorded_batch(const std::string& name) {
  for (auto& batch : recorded_batches()) {
    if (batch.name == name) return batch.field;
  }
  return {};
}

inline rules::KafkaRecords read_records(const std::string& field,
                                        const rules::KafkaRecordLimits& limits = {}) {
  return rules::read_kafka_records(field, limits);
}

inline std::string write_records(const rules::KafkaRecords& records) {
  const auto field = rules::write_kafka_records(records);
  return field ? *field : "error: " + field.error().what;
}

// Returns all records as text, one line each: offset, time, key, value and headers.
inline std::string shown(const rules::KafkaRecords& records) {
  std::string text;
  const auto or_null = [](const auto& value) { return std::string(value.value_or("null")); };
  for (const auto& batch : records.batches) {
    for (const auto& record : batch.records) {
      text += std::to_string(rules::offset_of(batch, record)) + " " +
              std::to_string(rules::timestamp_of(batch, record)) + " " + or_null(record.key) + "=" +
              or_null(record.value);
      for (const auto& header : record.headers) {
        text += " " + std::string(header.key) + ":" + or_null(header.value);
      }
      text += "\n";
    }
  }
  return text;
}

// Returns all fields of the batches that are not records, one line for each batch.
inline std::string shown_fields(const rules::KafkaRecords& records) {
  std::ostringstream text;
  for (const auto& batch : records.batches) {
    text << int{batch.magic} << ' ' << batch.base_offset << ' ' << batch.partition_leader_epoch
         << ' ' << batch.attributes << ' ' << batch.last_offset_delta << ' ' << batch.base_timestamp
         << ' ' << batch.max_timestamp << ' ' << batch.producer_id << ' ' << batch.producer_epoch
         << ' ' << batch.base_sequence << ' ' << batch.records.size() << batch.problem << '\n';
  }
  return text.str();
}

struct KafkaBatchOptions {
  rules::KafkaCompression compression = rules::KafkaCompression::kNone;
  std::int64_t producer_id = -1;
  std::int32_t base_sequence = -1;
};
// Returns a batch v2 with these records, whose offsets are counted from 0.
inline std::string kafka_batch(std::vector<rules::KafkaRecord> records,
                               const KafkaBatchOptions& options = {}) {
  rules::KafkaBatch batch;
  batch.attributes = static_cast<std::int16_t>(options.compression);
  batch.base_timestamp = batch.max_timestamp = 1'700'000'000'000;
  batch.producer_id = options.producer_id;
  batch.producer_epoch = options.producer_id < 0 ? std::int16_t{-1} : std::int16_t{0};
  batch.base_sequence = options.base_sequence;
  std::int32_t count = 0;
  for (auto& record : records) record.offset_delta = count++;
  batch.last_offset_delta = count - 1;
  batch.records = std::move(records);
  batch.changed = true;
  return write_records({.batches = {batch}});
}

}  // namespace brownout::test
