// KafkaRefusalStage answers requests with an error in place of the broker, for kafka_rebalance and
// kafka_coordinator. Thread and owner are those of any stage (stage.h).
#pragma once

#include <utility>

#include "rules/protocols/kafka/faults/kafka_fault.h"
#include "rules/protocols/kafka/kafka_refusal.h"

namespace brownout::rules {

// `ErrorFor` is a callable const KafkaError*(const KafkaMessage& request). It returns null for a
// request that reaches the broker.
template <class ErrorFor>
class KafkaRefusalStage final : public Stage {
 public:
  explicit KafkaRefusalStage(ErrorFor error_for) : error_for_(std::move(error_for)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* request = kafka_request_of(chunk);
    const auto* error = request != nullptr ? error_for_(*request) : nullptr;
    const auto body = error != nullptr ? kafka_body_of(chunk) : std::nullopt;
    const auto refusal = body ? kafka_refusal(*request, *body, *error) : std::nullopt;
    if (!refusal) return out.emit(std::move(chunk), now);
    out.note(
        {.action = "answer", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    out.reply(kafka_response(shared_kafka_view(chunk), *refusal), now);
  }

 private:
  ErrorFor error_for_;
  std::uint64_t count_ = 0;
};

template <class ErrorFor>
std::unique_ptr<Stage> kafka_refusal_stage(const StageContext& context, ErrorFor error_for) {
  if (context.direction != Direction::kUpstream) return nullptr;
  return std::make_unique<KafkaRefusalStage<ErrorFor>>(std::move(error_for));
}

}  // namespace brownout::rules
