#include "rules/protocols/kafka/kafka_body_records.h"

#include <algorithm>
#include <utility>

#include "rules/protocols/kafka/kafka_parts.h"
#include "rules/protocols/kafka/record_batch.h"

namespace brownout::rules {
namespace {

// Calls see(records field, topic, partition) for each partition with records.
template <class See>
void for_each_kafka_records(KafkaTree& body, const SharedNames& topics, const See& see) {
  for_each_kafka_part(body, topics,
                      [&](KafkaValue& part, std::string_view topic, std::int64_t partition) {
                        auto* field = part.find(KafkaRole::kRecords);
                        if (field != nullptr && !field->text.empty()) see(*field, topic, partition);
                      });
}

KafkaBodyRecords read_kafka_body(const KafkaMessage& message, std::span<const std::byte> body) {
  KafkaBodyRecords all;
  const auto& api = *message.api();
  auto tree =
      KafkaTree::read(api, message.response ? api.response : api.request, message.version, body);
  if (!tree) return all;
  KafkaRecordLimits left;
  for_each_kafka_records(
      *tree, message.topics,
      [&](const KafkaValue& field, std::string_view topic, std::int64_t number) {
        all.parts.push_back({std::string(topic), number, take_kafka_records(field.text, left)});
      });
  return all;
}

}  // namespace

bool KafkaMessage::has_records() const {
  if (!decoded) return false;
  if (!response) return key == kKafkaProduceKey;
  return key == kKafkaFetchKey || key == kKafkaShareFetchKey;
}

std::shared_ptr<const KafkaBodyRecords> KafkaMessage::records(
    std::span<const std::byte> body) const {
  if (auto known = records_.lock()) return known;
  auto read = std::make_shared<const KafkaBodyRecords>(read_kafka_body(*this, body));
  if (slot) slot->last = read;
  records_ = read;
  return read;
}

void KafkaMessage::set_records(std::shared_ptr<const KafkaBodyRecords> records) {
  records_ = records;
  slot = std::make_shared<KafkaRecordSlot>(KafkaRecordSlot{std::move(records)});
}

bool any_kafka_record(const KafkaMessage& message, std::span<const std::byte> body,
                      const std::function<bool(const KafkaRecord&)>& condition) {
  if (!message.has_records()) return false;
  const auto all = message.records(body);
  const auto any_in = [&](const KafkaBatch& batch) {
    return !is_control(batch) && std::any_of(batch.records.begin(), batch.records.end(), condition);
  };
  return std::any_of(all->parts.begin(), all->parts.end(), [&](const KafkaPartRecords& part) {
    const auto& batches = part.records.batches;
    return std::any_of(batches.begin(), batches.end(), any_in);
  });
}

bool edit_kafka_records(KafkaTree& body, const SharedNames& topics, const KafkaRecordsEdit& edit) {
  KafkaRecordLimits left;
  bool any = false;
  for_each_kafka_records(body, topics,
                         [&](KafkaValue& field, std::string_view topic, std::int64_t partition) {
                           auto records = take_kafka_records(field.text, left);
                           if (!edit(records, topic, partition, left)) return;
                           auto written = write_kafka_records(records);
                           if (!written) return;
                           field.text = body.keep(std::move(*written));
                           any = true;
                         });
  return any;
}

std::optional<Chunk> kafka_chunk_with_values(const Chunk& chunk, std::string_view value) {
  const auto* view = view_as<KafkaMessage>(chunk.message());
  auto body = view != nullptr && view->has_records() ? kafka_body_of(chunk) : std::nullopt;
  if (!body) return std::nullopt;
  bool fits = true;
  const auto set_all = [&](KafkaBatch& batch, KafkaRecordLimits& left) {
    for (std::size_t i = 0; i < batch.records.size() && !is_control(batch); ++i) {
      if (!batch.records[i].value) continue;
      fits = fits && value.size() <= left.plain_bytes;
      if (!fits) return;
      left.plain_bytes -= value.size();
      set_value(batch, i, std::string(value));
    }
  };
  const auto edit = [&](KafkaRecords& records, std::string_view, std::int64_t,
                        KafkaRecordLimits& left) {
    bool any = false;
    for (auto& batch : records.batches) {
      set_all(batch, left);
      any |= batch.changed;
    }
    return any;
  };
  if (!edit_kafka_records(*body, view->topics, edit) || !fits) return std::nullopt;
  return kafka_chunk_with(chunk, *body);
}

}  // namespace brownout::rules
