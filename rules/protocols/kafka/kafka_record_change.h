// KafkaRecordChange is what the fault kafka_records does to the records that it hits. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/kafka/kafka_records.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

enum class KafkaRecordsHow { kCorrupt, kDrop, kDuplicate, kPoison, kSchemaId, kTimestamp };
template <>
struct EnumNames<KafkaRecordsHow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaRecordsHow>{"corrupt", KafkaRecordsHow::kCorrupt},
      std::pair<std::string_view, KafkaRecordsHow>{"drop", KafkaRecordsHow::kDrop},
      std::pair<std::string_view, KafkaRecordsHow>{"duplicate", KafkaRecordsHow::kDuplicate},
      std::pair<std::string_view, KafkaRecordsHow>{"poison", KafkaRecordsHow::kPoison},
      std::pair<std::string_view, KafkaRecordsHow>{"schema_id", KafkaRecordsHow::kSchemaId},
      std::pair<std::string_view, KafkaRecordsHow>{"timestamp", KafkaRecordsHow::kTimestamp}};
};

// A duration with a sign: "-1h" leads to the past.
struct KafkaTimeShift {
  std::int64_t milliseconds = 0;
};
template <>
struct ValueKind<KafkaTimeShift> {
  static std::string name() { return "duration, or a negative duration"; }
  static Result<KafkaTimeShift> read(const Node& node);
  static std::string print(const KafkaTimeShift& value);
};

// For each record of a batch, whether the fault hits it; empty if it hits none.
using KafkaRecordHits = std::vector<bool>;

struct KafkaRecordChange {
  KafkaRecordsHow how = KafkaRecordsHow::kDrop;
  std::int64_t copies = 1;                        // of each record, for kDuplicate
  std::optional<std::string> value = {};          // for kPoison; no value: null
  std::optional<std::int64_t> schema_id = {};     // set for kSchemaId
  std::optional<KafkaTimeShift> time_shift = {};  // set for kTimestamp

  // Whether batches lose or gain records.
  bool recounts() const {
    return how == KafkaRecordsHow::kDrop || how == KafkaRecordsHow::kDuplicate;
  }
  // Returns by how many records a batch grows.
  std::int64_t growth(const KafkaRecordHits& hits) const;
  // Takes the space that the change of a record adds. Returns whether so much is left.
  bool takes_space(const KafkaRecord& record, KafkaRecordLimits& left) const;
  // Returns whether anything changed. `hits` may have another size than the batch.
  bool apply(KafkaBatch& batch, const KafkaRecordHits& hits, KafkaNumbering numbering) const;
  // Returns the action for the event log.
  std::string_view action() const;

 private:
  bool apply_to(KafkaBatch& batch, std::size_t index) const;
};

}  // namespace brownout::rules
