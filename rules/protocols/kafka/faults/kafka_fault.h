// KafkaResponseStage changes the responses of a broker, for the faults that only change some
// fields: kafka_throttle, kafka_leader and the like. kafka_fault_kind() describes faults of Kafka.
//
// Thread and owner are those of any stage (stage.h).
#pragma once

#include <string_view>
#include <utility>

#include "rules/engine/fault.h"
#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/kafka/kafka_parts.h"

namespace brownout::rules {

// `Change` is a callable bool(KafkaTree& response, const KafkaMessage& view), which returns whether
// it changed the response. `view` describes the response as it was.
template <class Change>
class KafkaResponseStage final : public Stage {
 public:
  explicit KafkaResponseStage(Change change) : change_(std::move(change)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* view = view_as<KafkaMessage>(chunk.message());
    auto body = view != nullptr && view->response ? kafka_body_of(chunk) : std::nullopt;
    if (!body || !change_(*body, *view)) return out.emit(std::move(chunk), now);
    out.note(
        {.action = "alter", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    out.emit(kafka_chunk_with(chunk, *body), now);
  }

 private:
  Change change_;
  std::uint64_t count_ = 0;
};

template <class Change>
std::unique_ptr<Stage> kafka_response_stage(const StageContext& context, Change change) {
  if (context.direction != Direction::kDownstream) return nullptr;
  return std::make_unique<KafkaResponseStage<Change>>(std::move(change));
}

// Returns the description of a fault that acts on requests or responses of Kafka.
inline FaultKind kafka_fault_kind(std::string_view name, std::string_view summary,
                                  std::string_view correct_client, std::string_view unit,
                                  std::string_view composition, std::string_view source) {
  return {.name = name,
          .level = Level::kBytes,
          .carriers = kMessages,
          .per_chunk = true,
          .protocols = [] { return ProtocolSet::of(KafkaMessage::protocol()); },
          .summary = summary,
          .correct_client = correct_client,
          .unit = unit,
          .composition = composition,
          .source = source};
}

// Calls visit(partition, leader id) for each partition in a response to Metadata or
// DescribeTopicPartitions that the filter has.
template <class Visit>
void for_each_kafka_leader(KafkaTree& response, const KafkaMessage& view,
                           const KafkaPartFilter& filter, const Visit& visit) {
  const auto see = [&](KafkaValue& value, std::string_view topic, std::int64_t partition) {
    auto* leader = value.find("leader_id");
    if (leader != nullptr && filter.has(topic, partition)) visit(value, *leader);
  };
  for_each_kafka_part(response, view.topics, see);
}
// Makes the partition one without a leader, as during an election.
inline void remove_kafka_leader(KafkaValue& partition, KafkaValue& leader) {
  leader.number = -1;
  if (auto* error = partition.find(KafkaRole::kError)) {
    error->number = kafka_error("LEADER_NOT_AVAILABLE")->code;
  }
}

}  // namespace brownout::rules
