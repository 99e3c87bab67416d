#include "rules/protocols/kafka/kafka_record_change.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace brownout::rules {
namespace {

std::size_t space_of(const KafkaRecord& record) {
  auto bytes = record.key.value_or("").size() + record.value.value_or("").size();
  for (const auto& header : record.headers) {
    bytes += header.key.size() + header.value.value_or("").size();
  }
  return bytes;
}

}  // namespace

Result<KafkaTimeShift> ValueKind<KafkaTimeShift>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a duration such as \"-1h\"");
  const bool past = text->starts_with('-');
  const auto size = parse_duration(std::string_view(*text).substr(past ? 1 : 0));
  if (!size) return tl::unexpected(size.error());
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(*size).count();
  if (whole == 0) {
    return config_error(in_quotes(*text) + " moves no timestamp",
                        "timestamps of Kafka count milliseconds: write a duration such as \"-1h\"");
  }
  return KafkaTimeShift{past ? -whole : whole};
}

std::string ValueKind<KafkaTimeShift>::print(const KafkaTimeShift& value) {
  const auto size = std::chrono::milliseconds(std::abs(value.milliseconds));
  return in_quotes((value.milliseconds < 0 ? "-" : "") + to_text(Duration(size)));
}

std::int64_t KafkaRecordChange::growth(const KafkaRecordHits& hits) const {
  const auto count = static_cast<std::int64_t>(std::count(hits.begin(), hits.end(), true));
  if (how == KafkaRecordsHow::kDrop) return -count;
  return how == KafkaRecordsHow::kDuplicate ? count * copies : 0;
}

bool KafkaRecordChange::takes_space(const KafkaRecord& record, KafkaRecordLimits& left) const {
  std::size_t count = 0;
  std::size_t bytes = 0;
  if (how == KafkaRecordsHow::kDuplicate) {
    count = static_cast<std::size_t>(copies);
    bytes = count * space_of(record);
  } else if (how == KafkaRecordsHow::kPoison) {
    bytes = value ? value->size() : 0;
  } else if (how == KafkaRecordsHow::kSchemaId) {
    bytes = record.value.value_or("").size();
  }
  if (count > left.records || bytes > left.plain_bytes) return false;
  left.records -= count;
  left.plain_bytes -= bytes;
  return true;
}

bool KafkaRecordChange::apply(KafkaBatch& batch, const KafkaRecordHits& hits,
                              KafkaNumbering numbering) const {
  if (hits.empty()) return false;
  const auto hit = [&](std::size_t i, const KafkaRecord&) { return i < hits.size() && hits[i]; };
  switch (how) {
    case KafkaRecordsHow::kCorrupt:
      return corrupt_crc(batch);
    case KafkaRecordsHow::kDrop:
      return drop_records(batch, hit, numbering) > 0;
    case KafkaRecordsHow::kDuplicate:
      return duplicate_records(batch, hit, static_cast<std::size_t>(copies), numbering) > 0;
    default:
      break;
  }
  bool any = false;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    if (hit(i, batch.records[i])) any |= apply_to(batch, i);
  }
  return any;
}

bool KafkaRecordChange::apply_to(KafkaBatch& batch, std::size_t index) const {
  if (how == KafkaRecordsHow::kSchemaId) {
    return set_schema_id(batch, index, static_cast<std::uint32_t>(*schema_id));
  }
  if (how == KafkaRecordsHow::kTimestamp) {
    return shift_timestamp(batch, index, time_shift->milliseconds);
  }
  set_value(batch, index, value);
  return true;
}

std::string_view KafkaRecordChange::action() const {
  switch (how) {
    case KafkaRecordsHow::kCorrupt:
      return "corrupt records";
    case KafkaRecordsHow::kDrop:
      return "drop records";
    case KafkaRecordsHow::kDuplicate:
      return "duplicate records";
    case KafkaRecordsHow::kPoison:
      return "poison records";
    case KafkaRecordsHow::kSchemaId:
      return "change schema id";
    case KafkaRecordsHow::kTimestamp:
      return "shift timestamps";
  }
  return "alter";
}

}  // namespace brownout::rules
