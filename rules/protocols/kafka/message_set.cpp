#include "rules/protocols/kafka/message_set.h"

#include "rules/protocols/kafka/compression.h"
#include "rules/protocols/kafka/record_wire.h"

namespace brownout::rules {
namespace {

// Compression and the type of the timestamp. The other attributes of a message are unused.
constexpr unsigned kMessageCompression = 0x07;

// A message as it is on the wire.
struct OldMessage {
  std::int64_t offset = 0;
  std::uint32_t crc = 0;
  std::int8_t magic = 0;
  std::int8_t attributes = 0;
  std::int64_t timestamp = -1;  // v1
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
};

// Takes the message at the front of `set`. Returns the reason if it is malformed, otherwise "".
std::string take_message(RecordReader& set, OldMessage& message) {
  message.offset = set.number<std::int64_t>();
  const auto contents = set.behind_number();
  if (!contents) return "the message is cut off";
  RecordReader reader(*contents);
  message.crc = reader.number<std::uint32_t>();
  const auto covered = reader.rest();
  message.magic = reader.number<std::int8_t>();
  message.attributes = reader.number<std::int8_t>();
  if (message.magic > 0) message.timestamp = reader.number<std::int64_t>();
  message.key = reader.behind_number();
  message.value = reader.behind_number();
  if (!reader.ok() || !reader.done()) return "malformed message";
  if (record_crc32(covered) != message.crc) return "wrong CRC";
  return {};
}

void add_message(RecordWriter& set, const OldMessage& message, std::uint32_t crc_error) {
  RecordWriter covered;
  covered.number(message.magic);
  covered.number(message.attributes);
  if (message.magic > 0) covered.number(message.timestamp);
  covered.behind_number(message.key);
  covered.behind_number(message.value);
  RecordWriter contents;
  contents.number(record_crc32(covered.text()) ^ crc_error);
  contents.bytes(covered.text());
  set.number(message.offset);
  set.behind_number(contents.text());
}

bool is_compressed(std::int8_t attributes) {
  return (static_cast<unsigned>(attributes) & kMessageCompression) != 0;
}

// Received numbers may have any value, so differences and sums wrap instead of overflowing.
std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return wrapping_difference(a, wrapping_difference(0, b));
}

void add_record(KafkaBatch& batch, const OldMessage& message) {
  // The first record defines both bases. In v1, offsets in a wrapper are relative already.
  if (batch.records.empty()) {
    batch.base_timestamp = message.timestamp;
    if (batch.magic == 0) batch.base_offset = message.offset;
  }
  KafkaRecord record;
  record.offset_delta =
      batch.magic == 0 ? wrapping_difference(message.offset, batch.base_offset) : message.offset;
  record.timestamp_delta = wrapping_difference(message.timestamp, batch.base_timestamp);
  record.key = message.key;
  record.value = message.value;
  record.attributes = message.attributes;
  batch.records.push_back(record);
}

// Reads the messages in a wrapper.
std::string read_inner(KafkaBatch& batch, const OldMessage& wrapper, KafkaRecordLimits& limits) {
  const auto compression = compression_of(batch);
  if (compression > KafkaCompression::kLz4) return "the compression of the message is unknown";
  if (wrapper.key || !wrapper.value) return "a compressed message has a key or no value";
  auto plain = decompress_records(compression, batch.magic, *wrapper.value, limits.plain_bytes);
  if (!plain) return plain.error().what;
  batch.owners.push_back(std::make_shared<const std::string>(std::move(*plain)));
  RecordReader set(*batch.owners.back());
  limits.plain_bytes -= set.rest().size();
  while (!set.done()) {
    OldMessage message;
    if (auto problem = take_message(set, message); !problem.empty()) return problem;
    if (message.magic != batch.magic) return "a compressed message has another magic";
    if (is_compressed(message.attributes)) return "a compressed message is compressed twice";
    if (limits.records == 0) return "more records than the limit";
    --limits.records;
    add_record(batch, message);
  }
  if (batch.records.empty()) return "a compressed message is empty";
  // The offset of a wrapper is that of its last message. Some producers leave it at 0.
  const auto last = batch.records.back().offset_delta;
  if (batch.magic > 0)
    batch.base_offset = wrapper.offset < last ? 0 : wrapping_difference(wrapper.offset, last);
  return {};
}

OldMessage message_of(const KafkaBatch& batch, const KafkaRecord& record) {
  OldMessage message;
  message.magic = batch.magic;
  message.attributes = record.attributes;
  message.timestamp = wrapping_sum(batch.base_timestamp, record.timestamp_delta);
  message.key = record.key;
  message.value = record.value;
  return message;
}

}  // namespace

std::string read_kafka_message(KafkaBatch& batch, KafkaRecordLimits& limits) {
  RecordReader reader(batch.wire);
  OldMessage message;
  if (auto problem = take_message(reader, message); !problem.empty()) return problem;
  batch.attributes = message.attributes;
  batch.base_offset = message.offset;
  batch.max_timestamp = message.timestamp;
  std::string problem;
  if (is_compressed(message.attributes)) {
    problem = read_inner(batch, message, limits);
  } else if (limits.records == 0) {
    problem = "more records than the limit";
  } else {
    --limits.records;
    message.offset = batch.magic == 0 ? message.offset : 0;
    add_record(batch, message);
  }
  if (!problem.empty()) return problem;
  batch.last_offset_delta = static_cast<std::int32_t>(batch.records.back().offset_delta);
  return {};
}

Result<std::string> write_kafka_messages(const KafkaBatch& batch) {
  RecordWriter set;
  if (batch.records.empty()) return set.take();
  const bool compressed = is_compressed(static_cast<std::int8_t>(batch.attributes));
  for (const auto& record : batch.records) {
    auto message = message_of(batch, record);
    const bool relative = compressed && batch.magic > 0;
    message.offset = relative ? record.offset_delta : offset_of(batch, record);
    add_message(set, message, compressed ? 0 : batch.crc_error);
  }
  if (!compressed) return set.take();
  auto plain = compress_records(compression_of(batch), batch.magic, set.text());
  if (!plain) return plain;
  OldMessage wrapper;
  wrapper.offset = offset_of(batch, batch.records.back());
  wrapper.magic = batch.magic;
  wrapper.attributes = static_cast<std::int8_t>(batch.attributes);
  wrapper.timestamp = batch.max_timestamp;
  wrapper.value = *plain;
  RecordWriter all;
  add_message(all, wrapper, batch.crc_error);
  return all.take();
}

}  // namespace brownout::rules
