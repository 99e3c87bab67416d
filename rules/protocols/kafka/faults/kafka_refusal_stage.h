// KafkaRefusalStage answers requests with an error in place of the broker, for kafka_rebalance,
// kafka_coordinator and kafka_session. Thread and owner are those of any stage (stage.h).
#pragma once

#include <optional>
#include <utility>

#include "rules/protocols/kafka/faults/kafka_fault.h"
#include "rules/protocols/kafka/kafka_refusal.h"

namespace brownout::rules {

// `Refuse` is a callable std::optional<KafkaTree>(const KafkaMessage& request, const Chunk& chunk),
// which returns the response. It returns no value for a request that reaches the broker.
template <class Refuse>
class KafkaRefusalStage final : public Stage {
 public:
  explicit KafkaRefusalStage(Refuse refuse) : refuse_(std::move(refuse)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* request = kafka_request_of(chunk);
    const auto refusal = request != nullptr ? refuse_(*request, chunk) : std::nullopt;
    if (!refusal) return out.emit(std::move(chunk), now);
    out.note(
        {.action = "answer", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    out.reply(kafka_response(shared_kafka_view(chunk), *refusal), now);
  }

 private:
  Refuse refuse_;
  std::uint64_t count_ = 0;
};

template <class Refuse>
std::unique_ptr<Stage> kafka_refusal_stage(const StageContext& context, Refuse refuse) {
  if (context.direction != Direction::kUpstream) return nullptr;
  return std::make_unique<KafkaRefusalStage<Refuse>>(std::move(refuse));
}

// `ErrorFor` is a callable const KafkaError*(const KafkaMessage& request). It returns null for a
// request that reaches the broker.
template <class ErrorFor>
std::unique_ptr<Stage> kafka_error_stage(const StageContext& context, ErrorFor error_for) {
  return kafka_refusal_stage(context, [error_for](const KafkaMessage& request, const Chunk& chunk) {
    const auto* error = error_for(request);
    const auto body = error != nullptr ? kafka_body_of(chunk) : std::nullopt;
    return body ? kafka_refusal(request, *body, *error) : std::nullopt;
  });
}

}  // namespace brownout::rules
