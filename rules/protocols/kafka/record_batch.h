// Reads the records field of a Kafka Produce request or Fetch response, and writes it. Knows record
// batches v2 and message sets v0 and v1, with gzip, snappy, lz4 and zstd.
//
// Whatever it cannot read stays as bytes: a partial batch at the end of a Fetch response, an
// unknown magic, a wrong CRC, malformed or too large contents. A batch that nobody changed is
// written byte for byte as received. A changed batch is written with its compression and a new CRC;
// its records are the same after decompression, but the compressed bytes may differ.
//
// Source: Apache Kafka, "Message Format" and KIP-98. Pure functions without I/O; any thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/result.h"
#include "rules/protocols/kafka/kafka_records.h"

namespace brownout::rules {

// Reads a records field, without its length. The result owns a copy of the bytes. Time and memory
// are bounded by the size of the field and the limits.
KafkaRecords read_kafka_records(std::string_view field, const KafkaRecordLimits& limits = {});
// The same, for one of several fields with common limits: `left` decreases by the space used.
KafkaRecords take_kafka_records(std::string_view field, KafkaRecordLimits& left);

// Returns the records field, without its length. An error has Origin::kInternal: a batch has more
// than 2^31-1 bytes, or a compressor failed.
Result<std::string> write_kafka_records(const KafkaRecords& records);

}  // namespace brownout::rules
