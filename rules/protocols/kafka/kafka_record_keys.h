// The keys of `match` about records of Kafka, and the record that the options of `explain`
// describe. Pure; thread as for KafkaMessage::records().
#pragma once

#include <vector>

#include "rules/protocols/kafka/kafka_body_records.h"

namespace brownout::rules {

// Selects records by key and headers; a record must meet both.
struct KafkaRecordFilter {
  std::vector<TextPattern> keys = {};       // all if empty
  std::vector<HeaderPattern> headers = {};  // all if empty

  bool has(const KafkaRecord& record) const;
};

// Returns the keys `key` and `header`.
std::vector<MessageKey> kafka_record_keys();
// Whether the body, or the value of one of its records, matches one of the patterns.
bool kafka_text_matches(const KafkaMessage& message, std::span<const std::byte> body,
                        const std::vector<TextPattern>& wanted);

// Returns the only record of a message. `headers` has lines "name: value", which end with CR LF.
std::shared_ptr<const KafkaBodyRecords> kafka_record_of(std::string key, std::string value,
                                                        std::string headers);

}  // namespace brownout::rules
