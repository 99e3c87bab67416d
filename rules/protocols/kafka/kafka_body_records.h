// The records in the bodies of Kafka messages, for rules that look at them or change them. A body
// is read and decompressed only when a rule asks for its records.
//
// Owned by the messages of one connection; used on the thread of the connection.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/kafka/kafka_records.h"

namespace brownout::rules {

struct KafkaPartRecords {
  std::string topic;  // empty if only the topic's id is known
  std::int64_t partition = 0;
  KafkaRecords records;
};

// The records of all partitions of a Produce request, or of a Fetch or ShareFetch response. All
// partitions together are within KafkaRecordLimits.
struct KafkaBodyRecords {
  std::vector<KafkaPartRecords> parts;
};

// KafkaRecordSlot keeps the records that were read last on a connection. So a message is read once,
// however many rules look at it, and messages that wait in rules take no additional memory.
struct KafkaRecordSlot {
  std::shared_ptr<const KafkaBodyRecords> last;
};

// Whether a record of the message meets the condition. `body` is the body of the message. Records
// of batches that cannot be read, and control records of brokers, meet none.
bool any_kafka_record(const KafkaMessage& message, std::span<const std::byte> body,
                      const std::function<bool(const KafkaRecord&)>& condition);

// Gets the records of a partition, its topic and number, and what is left of the limits. Returns
// whether it changed the records.
using KafkaRecordsEdit =
    std::function<bool(KafkaRecords&, std::string_view, std::int64_t, KafkaRecordLimits&)>;
// Changes the records of each partition of a body. Returns whether any changed.
bool edit_kafka_records(KafkaTree& body, const SharedNames& topics, const KafkaRecordsEdit& edit);

// Returns the same message, whose records have this value. Null stays null. Returns no value if the
// message has no records that can be read, or if their values would exceed the limits.
std::optional<Chunk> kafka_chunk_with_values(const Chunk& chunk, std::string_view value);

}  // namespace brownout::rules
