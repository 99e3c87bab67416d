#include "rules/protocols/kafka/record_batch.h"

#include <algorithm>
#include <limits>

#include "rules/protocols/kafka/compression.h"
#include "rules/protocols/kafka/message_set.h"
#include "rules/protocols/kafka/record_wire.h"

namespace brownout::rules {
namespace {

// Positions that all formats share: the offset, the number of bytes behind the length, and the
// magic.
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kBehindLength = 12;
constexpr std::size_t kMagicAt = 16;
// Positions in v2: the CRC, which covers all bytes from the attributes on.
constexpr std::size_t kCrcAt = 17;
constexpr std::size_t kAttributesAt = 21;
// Position of the CRC in v0 and v1.
constexpr std::size_t kMessageCrcAt = 12;
// The smallest batch of all formats: a message of v0 without key and value.
constexpr std::size_t kLeastBatch = 26;
// The smallest record of v2: length, attributes, two deltas, two lengths, number of headers.
constexpr std::size_t kLeastRecord = 7;

// Reads a record of v2 from its contents, without their length. Returns false if it is malformed.
bool read_record(RecordReader reader, KafkaRecord& record, KafkaRecordLimits& limits) {
  record.attributes = reader.number<std::int8_t>();
  record.timestamp_delta = reader.varlong();
  record.offset_delta = reader.varint();
  record.key = reader.behind_varint();
  record.value = reader.behind_varint();
  const auto count = reader.varint();
  if (count < 0 || static_cast<std::size_t>(count) > limits.records) return false;
  limits.records -= static_cast<std::size_t>(count);
  for (std::int32_t i = 0; i < count && reader.ok(); ++i) {
    const auto key = reader.behind_varint();
    const auto value = reader.behind_varint();
    if (!key) return false;
    record.headers.push_back({*key, value});
  }
  return reader.ok() && reader.done();
}

// Reads the records of v2. Returns the reason if they cannot be read, otherwise "".
std::string read_records(KafkaBatch& batch, std::size_t count, std::string_view text,
                         KafkaRecordLimits& limits) {
  if (compression_of(batch) != KafkaCompression::kNone) {
    auto plain = decompress_records(compression_of(batch), batch.magic, text, limits.plain_bytes);
    if (!plain) return plain.error().what;
    batch.owners.push_back(std::make_shared<const std::string>(std::move(*plain)));
    text = *batch.owners.back();
    limits.plain_bytes -= text.size();
  }
  if (count > text.size() / kLeastRecord) return "the batch has fewer records than it says";
  RecordReader reader(text);
  batch.records.resize(count);
  for (auto& record : batch.records) {
    const auto contents = reader.behind_varint();
    if (!contents || !read_record(RecordReader(*contents), record, limits))
      return "malformed record";
  }
  if (!reader.done()) return "the batch has more bytes than its records";
  return {};
}

// Reads the v2 batch `wire` into the other fields. Returns the reason if it cannot be read,
// otherwise "".
std::string read_v2(KafkaBatch& batch, KafkaRecordLimits& limits) {
  RecordReader reader(batch.wire);
  batch.base_offset = reader.number<std::int64_t>();
  reader.number<std::int32_t>();
  batch.partition_leader_epoch = reader.number<std::int32_t>();
  reader.number<std::int8_t>();
  const auto crc = reader.number<std::uint32_t>();
  batch.attributes = reader.number<std::int16_t>();
  batch.last_offset_delta = reader.number<std::int32_t>();
  batch.base_timestamp = reader.number<std::int64_t>();
  batch.max_timestamp = reader.number<std::int64_t>();
  batch.producer_id = reader.number<std::int64_t>();
  batch.producer_epoch = reader.number<std::int16_t>();
  batch.base_sequence = reader.number<std::int32_t>();
  const auto count = reader.number<std::int32_t>();
  if (!reader.ok()) return "the batch is too short";
  if (record_crc32c(batch.wire.substr(kAttributesAt)) != crc) return "wrong CRC";
  if (count < 0) return "the batch has a negative number of records";
  const auto records = static_cast<std::size_t>(count);
  if (records > limits.records) return "more records than the limit";
  limits.records -= records;
  return read_records(batch, records, reader.rest(), limits);
}

// Reads the batch at the front of `rest`.
KafkaBatch read_batch(std::string_view rest, KafkaRecordLimits& limits) {
  KafkaBatch batch;
  batch.wire = rest;
  batch.state = KafkaBatchState::kPartial;
  batch.magic = -1;
  if (rest.size() < kBehindLength) return batch;
  const auto length = RecordReader(rest.substr(kLengthAt)).number<std::int32_t>();
  if (length >= 0 && rest.size() - kBehindLength < static_cast<std::size_t>(length)) return batch;
  batch.state = KafkaBatchState::kUnreadable;
  batch.problem = "the batch has a negative length";
  if (length < 0) return batch;
  batch.wire = rest.substr(0, kBehindLength + static_cast<std::size_t>(length));
  batch.problem = "the batch is too short";
  if (batch.wire.size() < kLeastBatch) return batch;
  batch.magic = static_cast<std::int8_t>(batch.wire[kMagicAt]);
  if (batch.magic < 0 || batch.magic > 2) {
    batch.problem.clear();
    batch.state = KafkaBatchState::kUnknownMagic;
    return batch;
  }
  batch.problem = batch.magic == 2 ? read_v2(batch, limits) : read_kafka_message(batch, limits);
  if (batch.problem.empty()) {
    batch.state = KafkaBatchState::kRead;
  } else {
    batch.records.clear();
  }
  return batch;
}

std::string plain_records(const KafkaBatch& batch) {
  RecordWriter all;
  RecordWriter writer;
  for (const auto& record : batch.records) {
    writer.clear();
    writer.number(record.attributes);
    writer.varint(record.timestamp_delta);
    writer.varint(record.offset_delta);
    writer.behind_varint(record.key);
    writer.behind_varint(record.value);
    writer.varint(static_cast<std::int64_t>(record.headers.size()));
    for (const auto& header : record.headers) {
      writer.behind_varint(header.key);
      writer.behind_varint(header.value);
    }
    all.behind_varint(writer.text());
  }
  return all.take();
}

Result<std::string> write_v2(const KafkaBatch& batch) {
  auto records = plain_records(batch);
  if (compression_of(batch) != KafkaCompression::kNone) {
    auto compressed = compress_records(compression_of(batch), batch.magic, records);
    if (!compressed) return compressed;
    records = std::move(*compressed);
  }
  RecordWriter covered;
  covered.number(batch.attributes);
  covered.number(batch.last_offset_delta);
  covered.number(batch.base_timestamp);
  covered.number(batch.max_timestamp);
  covered.number(batch.producer_id);
  covered.number(batch.producer_epoch);
  covered.number(batch.base_sequence);
  covered.number(static_cast<std::int32_t>(batch.records.size()));
  covered.bytes(records);
  RecordWriter writer;
  writer.number(batch.base_offset);
  writer.number(static_cast<std::int32_t>(kAttributesAt - kBehindLength + covered.size()));
  writer.number(batch.partition_leader_epoch);
  writer.number(batch.magic);
  writer.number(record_crc32c(covered.text()) ^ batch.crc_error);
  writer.bytes(covered.text());
  return writer.take();
}

Result<std::string> write_batch(const KafkaBatch& batch) {
  if (batch.changed && batch.state == KafkaBatchState::kRead) {
    return batch.magic == 2 ? write_v2(batch) : write_kafka_messages(batch);
  }
  std::string wire(batch.wire);
  if (batch.crc_error == 0 || wire.size() < kLeastBatch) return wire;
  const auto at = batch.magic == 2 ? kCrcAt : kMessageCrcAt;
  RecordWriter crc;
  crc.number(RecordReader(batch.wire.substr(at)).number<std::uint32_t>() ^ batch.crc_error);
  wire.replace(at, crc.size(), crc.text());
  return wire;
}

}  // namespace

KafkaRecords read_kafka_records(std::string_view field, const KafkaRecordLimits& limits) {
  auto left = limits;
  return take_kafka_records(field, left);
}

KafkaRecords take_kafka_records(std::string_view field, KafkaRecordLimits& left) {
  KafkaRecords records;
  if (field.empty()) return records;
  const auto owner = std::make_shared<const std::string>(field);
  for (std::string_view rest = *owner; !rest.empty();) {
    auto batch = read_batch(rest, left);
    batch.owners.push_back(owner);
    rest.remove_prefix(batch.wire.size());
    records.batches.push_back(std::move(batch));
  }
  return records;
}

Result<std::string> write_kafka_records(const KafkaRecords& records) {
  std::string field;
  for (const auto& batch : records.batches) {
    const auto wire = write_batch(batch);
    if (!wire) return tl::unexpected(wire.error());
    if (wire->size() > std::numeric_limits<std::int32_t>::max()) {
      return tl::unexpected(
          Error{Origin::kInternal, "a changed record batch has more than 2^31-1 bytes", {}, {}});
    }
    field += *wire;
  }
  return field;
}

}  // namespace brownout::rules
