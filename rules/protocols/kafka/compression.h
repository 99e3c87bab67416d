// Compresses and decompresses the records of a Kafka batch: gzip, snappy, lz4 and zstd, each by its
// library. Output is bounded, so that a small batch cannot become a huge one.
//
// Snappy is read raw, as librdkafka writes it, and with the frames of xerial's snappy-java, as the
// Java client writes it; it is written with these frames, which all clients read. In message sets
// v0 the header checksum of lz4 frames covers the wrong bytes (KAFKA-3160). Pure functions; any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/result.h"
#include "rules/protocols/kafka/kafka_records.h"

namespace brownout::rules {

// `magic` is the version of the batch. Returns an error if the text is malformed or cut off, has
// bytes behind its end, or becomes longer than `most` bytes.
Result<std::string> decompress_records(KafkaCompression compression, std::int8_t magic,
                                       std::string_view text, std::size_t most);
// Returns an error only if memory is short.
Result<std::string> compress_records(KafkaCompression compression, std::int8_t magic,
                                     std::string_view text);

}  // namespace brownout::rules
