#include "rules/protocols/kafka/kafka_records.h"

#include <algorithm>
#include <limits>

namespace brownout::rules {
namespace {

// Bits of the attributes of a batch; the same in v1, as far as it has them.
constexpr unsigned kCompressionBits = 0x07;
constexpr unsigned kAppendTime = 0x08;
constexpr unsigned kTransactional = 0x10;
constexpr unsigned kControl = 0x20;

constexpr std::int64_t kNoTimestamp = -1;
constexpr std::size_t kSchemaIdSize = 5;  // a byte 0 and the id

bool has_bits(const KafkaBatch& batch, unsigned bits) {
  return (static_cast<unsigned>(batch.attributes) & bits) != 0;
}

// Received timestamps may have any value, so sums wrap instead of overflowing.
std::int64_t timestamp_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

bool has_timestamps(const KafkaBatch& batch) {
  return batch.state == KafkaBatchState::kRead && batch.magic > 0;
}

std::string_view owned(KafkaBatch& batch, std::string text) {
  batch.owners.push_back(std::make_shared<const std::string>(std::move(text)));
  return *batch.owners.back();
}

std::optional<std::string_view> owned(KafkaBatch& batch, std::optional<std::string> text) {
  if (!text) return std::nullopt;
  return owned(batch, std::move(*text));
}

void update_max_timestamp(KafkaBatch& batch) {
  if (batch.records.empty() || has_append_time(batch) || !has_timestamps(batch)) return;
  batch.max_timestamp = timestamp_of(batch, batch.records.front());
  for (const auto& record : batch.records) {
    batch.max_timestamp = std::max(batch.max_timestamp, timestamp_of(batch, record));
  }
}

// Makes the fields of the batch agree with its records after records were removed or added.
void recount(KafkaBatch& batch, KafkaNumbering numbering) {
  batch.changed = true;
  update_max_timestamp(batch);
  // A batch without records is not compressed, as after compaction.
  constexpr auto kOthers = ~kCompressionBits;
  if (batch.records.empty()) {
    batch.attributes = static_cast<std::int16_t>(static_cast<unsigned>(batch.attributes) & kOthers);
  }
  if (numbering == KafkaNumbering::kKept) return;
  std::int32_t count = 0;
  for (auto& record : batch.records) record.offset_delta = count++;
  batch.last_offset_delta = std::max(count - 1, 0);
}

}  // namespace

KafkaCompression compression_of(const KafkaBatch& batch) {
  return static_cast<KafkaCompression>(static_cast<unsigned>(batch.attributes) & kCompressionBits);
}

bool is_transactional(const KafkaBatch& batch) {
  return batch.magic >= 2 && has_bits(batch, kTransactional);
}

bool is_control(const KafkaBatch& batch) { return batch.magic >= 2 && has_bits(batch, kControl); }

bool has_append_time(const KafkaBatch& batch) {
  return batch.magic >= 1 && has_bits(batch, kAppendTime);
}

std::int64_t offset_of(const KafkaBatch& batch, const KafkaRecord& record) {
  return timestamp_sum(batch.base_offset, record.offset_delta);
}

std::int64_t timestamp_of(const KafkaBatch& batch, const KafkaRecord& record) {
  if (batch.magic == 0) return kNoTimestamp;
  if (has_append_time(batch)) return batch.max_timestamp;
  return timestamp_sum(batch.base_timestamp, record.timestamp_delta);
}

std::size_t drop_records(KafkaBatch& batch, const KafkaRecordPredicate& matches,
                         KafkaNumbering numbering) {
  std::vector<KafkaRecord> kept;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    if (!matches(i, batch.records[i])) kept.push_back(batch.records[i]);
  }
  const auto dropped = batch.records.size() - kept.size();
  if (dropped == 0) return 0;
  batch.records = std::move(kept);
  recount(batch, numbering);
  return dropped;
}

std::size_t duplicate_records(KafkaBatch& batch, const KafkaRecordPredicate& matches,
                              std::size_t copies, KafkaNumbering numbering) {
  std::vector<KafkaRecord> all;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    all.push_back(batch.records[i]);
    if (matches(i, batch.records[i])) all.insert(all.end(), copies, batch.records[i]);
  }
  const auto added = all.size() - batch.records.size();
  if (added == 0) return 0;
  batch.records = std::move(all);
  recount(batch, numbering);
  return added;
}

void set_key(KafkaBatch& batch, std::size_t index, std::optional<std::string> key) {
  batch.records.at(index).key = owned(batch, std::move(key));
  batch.changed = true;
}

void set_value(KafkaBatch& batch, std::size_t index, std::optional<std::string> value) {
  batch.records.at(index).value = owned(batch, std::move(value));
  batch.changed = true;
}

bool set_header(KafkaBatch& batch, std::size_t index, std::string key,
                std::optional<std::string> value) {
  if (batch.magic < 2) return false;
  auto& headers = batch.records.at(index).headers;
  const KafkaHeader header{owned(batch, std::move(key)), owned(batch, std::move(value))};
  const auto same = [&](const KafkaHeader& other) { return other.key == header.key; };
  const auto first = std::find_if(headers.begin(), headers.end(), same);
  if (first == headers.end()) {
    headers.push_back(header);
  } else {
    *first = header;
    headers.erase(std::remove_if(first + 1, headers.end(), same), headers.end());
  }
  batch.changed = true;
  return true;
}

std::optional<std::uint32_t> schema_id_of(std::optional<std::string_view> text) {
  if (!text || text->size() < kSchemaIdSize || text->front() != '\0') return std::nullopt;
  std::uint32_t id = 0;
  for (const char c : text->substr(1, kSchemaIdSize - 1)) {
    id = id << 8U | static_cast<unsigned char>(c);
  }
  return id;
}

bool set_schema_id(KafkaBatch& batch, std::size_t index, std::uint32_t id) {
  const auto& value = batch.records.at(index).value;
  if (!schema_id_of(value)) return false;
  std::string text(*value);
  for (std::size_t i = 1; i < kSchemaIdSize; ++i) {
    text[i] = static_cast<char>(id >> 8U * (kSchemaIdSize - 1 - i));
  }
  set_value(batch, index, std::move(text));
  return true;
}

bool shift_timestamp(KafkaBatch& batch, std::size_t index, std::int64_t milliseconds) {
  auto& record = batch.records.at(index);
  if (has_append_time(batch) || timestamp_of(batch, record) == kNoTimestamp) return false;
  record.timestamp_delta = timestamp_sum(record.timestamp_delta, milliseconds);
  update_max_timestamp(batch);
  batch.changed = true;
  return true;
}

bool shift_timestamps(KafkaBatch& batch, std::int64_t milliseconds) {
  if (!has_timestamps(batch) || batch.max_timestamp == kNoTimestamp) return false;
  batch.base_timestamp = timestamp_sum(batch.base_timestamp, milliseconds);
  batch.max_timestamp = timestamp_sum(batch.max_timestamp, milliseconds);
  batch.changed = true;
  return true;
}

void shift_sequence(KafkaBatch& batch, std::int64_t by) {
  if (batch.state != KafkaBatchState::kRead || batch.magic < 2) return;
  if (batch.producer_id < 0 || batch.base_sequence < 0 || by == 0) return;
  constexpr auto kNumbers = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
  const auto sequence = (batch.base_sequence + by % kNumbers + kNumbers) % kNumbers;
  batch.base_sequence = static_cast<std::int32_t>(sequence);
  batch.changed = true;
}

bool corrupt_crc(KafkaBatch& batch) {
  // Inverted bits are never right.
  constexpr std::uint32_t kAllBits = 0xffffffff;
  const bool known =
      batch.state == KafkaBatchState::kRead || batch.state == KafkaBatchState::kUnreadable;
  if (!known || batch.magic < 0) return false;
  batch.crc_error = kAllBits;
  return true;
}

}  // namespace brownout::rules
