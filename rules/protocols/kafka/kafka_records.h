// Kafka records as values, and the edits that faults make. record_batch.h reads them from the
// records field of a Produce request or a Fetch response, and writes them.
//
// Source: Apache Kafka, "Message Format" (record batch v2, KIP-98; headers, KIP-82; message sets
// v0 and v1, KIP-32). Offsets are counts of records, timestamps are milliseconds since 1970; -1
// means "no timestamp" and "no producer id".
//
// Keys, values and headers are views. The batch keeps the bytes alive, also in copies of the
// batch. Plain values and pure functions; any thread.
//
// Requirements of a broker for a batch of a Produce request (LogValidator, ProduceRequest and
// ProducerStateManager of Apache Kafka; tried with 4.4.0):
// - Offset deltas are 0 to n-1 without holes, last_offset_delta is n-1, and n is at least 1.
//   Otherwise: INVALID_RECORD. A Produce request from version 3 has exactly 1 batch per partition.
// - The CRC is right. Otherwise: CORRUPT_MESSAGE.
// - With a producer id, each record has a sequence number, and base_sequence continues those of the
//   previous batch. A batch that lost or gained records is stored. The producer's next batch then
//   fails with OUT_OF_ORDER_SEQUENCE_NUMBER, unless shift_sequence() renumbers it.
// - Only brokers write control batches.
// In a Fetch response, holes are legal (compaction makes them), even a batch without records. A
// consumer continues behind last_offset_delta, which therefore stays as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brownout::rules {

enum class KafkaCompression : std::uint8_t { kNone, kGzip, kSnappy, kLz4, kZstd };

struct KafkaHeader {
  std::string_view key;
  std::optional<std::string_view> value = std::nullopt;  // no value: null
};

struct KafkaRecord {
  std::int64_t offset_delta = 0;     // offset minus base_offset of the batch
  std::int64_t timestamp_delta = 0;  // timestamp minus base_timestamp of the batch, in milliseconds
  std::optional<std::string_view> key = std::nullopt;  // no value: null
  // No value: null, which deletes the key when a topic is compacted.
  std::optional<std::string_view> value = std::nullopt;
  std::vector<KafkaHeader> headers = {};  // always empty before v2
  std::int8_t attributes = 0;             // of the record itself; unused in v2
};

// A batch that is not kRead has no records. Edits other than corrupt_crc() do not change it, and it
// is written as it was received.
enum class KafkaBatchState : std::uint8_t {
  kRead,          // all fields and records are set
  kPartial,       // the last batch of a Fetch response, which is cut off at the size limit
  kUnknownMagic,  // a newer format
  kUnreadable,    // wrong CRC, malformed, or beyond the limits; `problem` says why
};

// A record batch (v2), or a message of a message set (v0 and v1): either a plain message, which has
// 1 record, or a compressed wrapper, which has many.
struct KafkaBatch {
  KafkaBatchState state = KafkaBatchState::kRead;
  std::string problem;    // the reason of kUnreadable, for a log line
  std::int8_t magic = 2;  // version of the format; -1 if too few bytes are there to tell

  // `base_offset` of a Produce request is usually 0. In v0 and v1 it is the offset of the first
  // record, and the fields behind it, except timestamps, are not on the wire.
  std::int64_t base_offset = 0;
  std::int32_t partition_leader_epoch = -1;
  std::int16_t attributes = 0;  // compression and flags; read with the functions below
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp = -1;
  std::int64_t max_timestamp = -1;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::vector<KafkaRecord> records;

  // A batch is written from its fields if `changed`, otherwise from `wire`. The functions below set
  // it; code that assigns fields sets it itself.
  bool changed = false;
  std::uint32_t crc_error = 0;  // is XORed with the right CRC; 0 leaves it right
  std::string_view wire;        // the batch as received, with its offset and length
  // Owners of the bytes to which views of this batch refer.
  std::vector<std::shared_ptr<const std::string>> owners;
};

// The records field of one partition.
struct KafkaRecords {
  std::vector<KafkaBatch> batches;
};

// Bounds for reading one records field. A batch beyond them becomes kUnreadable.
struct KafkaRecordLimits {
  std::size_t plain_bytes = std::size_t{32} << 20U;  // decompressed, all batches together
  std::size_t records = 500'000;                     // and headers, all batches together
};

KafkaCompression compression_of(const KafkaBatch& batch);
bool is_transactional(const KafkaBatch& batch);
bool is_control(const KafkaBatch& batch);
// Whether the broker set the timestamps. All records of v2 then have the timestamp max_timestamp.
bool has_append_time(const KafkaBatch& batch);
std::int64_t offset_of(const KafkaBatch& batch, const KafkaRecord& record);
// Returns milliseconds since 1970; -1 if the record has no timestamp.
std::int64_t timestamp_of(const KafkaBatch& batch, const KafkaRecord& record);

// Whether offset deltas are counted anew after records were removed or added.
enum class KafkaNumbering : std::uint8_t {
  kConsecutive,  // 0 to n-1, for Produce requests
  // For Fetch responses. Duplicates have equal offsets: librdkafka delivers both, the Java client
  // skips the second.
  kKept,
};

// Gets the position in `records` and the record.
using KafkaRecordPredicate = std::function<bool(std::size_t, const KafkaRecord&)>;

// Removes the records that match. Returns their number. A Produce batch that becomes empty must not
// be sent to a broker, which would reject it.
std::size_t drop_records(KafkaBatch& batch, const KafkaRecordPredicate& matches,
                         KafkaNumbering numbering);
// Adds `copies` of each record that matches, directly behind it. Returns the number of records
// added.
std::size_t duplicate_records(KafkaBatch& batch, const KafkaRecordPredicate& matches,
                              std::size_t copies, KafkaNumbering numbering);

// The functions below change the record at `index`, which must be less than records.size(). They
// must not be used on control batches, whose keys and values have a meaning for clients.
void set_key(KafkaBatch& batch, std::size_t index, std::optional<std::string> key);
void set_value(KafkaBatch& batch, std::size_t index, std::optional<std::string> value);
// Replaces all headers of this name by one, or adds it. Returns false before v2, which has none.
bool set_header(KafkaBatch& batch, std::size_t index, std::string key,
                std::optional<std::string> value);
// Returns the schema id of Confluent's wire format: a byte 0 and 4 bytes (big endian) at the begin
// of a key or value. No value if it has another format.
std::optional<std::uint32_t> schema_id_of(std::optional<std::string_view> text);
// Replaces the schema id of the value. Returns false if the value has none.
bool set_schema_id(KafkaBatch& batch, std::size_t index, std::uint32_t id);
// Adds `milliseconds` to the timestamp of a record; max_timestamp follows. Returns false if the
// record has no timestamp of its own (v0, has_append_time(), or -1).
bool shift_timestamp(KafkaBatch& batch, std::size_t index, std::int64_t milliseconds);
// Adds `milliseconds` to all timestamps of the batch. Returns false if it has none.
bool shift_timestamps(KafkaBatch& batch, std::int64_t milliseconds);

// Adds `by` to base_sequence, which wraps at 2^31 as in Kafka. Does nothing without a producer id.
void shift_sequence(KafkaBatch& batch, std::int64_t by);
// Makes the CRC wrong; all other bytes stay. Returns false for a partial or unknown batch, whose
// CRC is not known.
bool corrupt_crc(KafkaBatch& batch);

}  // namespace brownout::rules
