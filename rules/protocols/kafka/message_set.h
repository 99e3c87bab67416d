// Reads and writes messages of Kafka's message sets v0 and v1, which clients before 0.11 use. A
// compressed message set is the value of a wrapper message.
//
// Source: Apache Kafka, "Message Format" ("Old Message Format") and KIP-31 (relative offsets). Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rules/base/result.h"
#include "rules/protocols/kafka/kafka_records.h"

namespace brownout::rules {

// Reads a message with its offset and size, batch.wire, into the other fields of the batch.
// `limits` decreases by the space used. Returns the reason if the message cannot be read, otherwise
// "".
std::string read_kafka_message(KafkaBatch& batch, KafkaRecordLimits& limits);

// Returns the wrapper, or one plain message for each record. The error is that of
// write_kafka_records().
Result<std::string> write_kafka_messages(const KafkaBatch& batch);

}  // namespace brownout::rules
