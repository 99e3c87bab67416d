#include "rules/engine/fault.h"
#include "rules/protocols/nats/nats_message.h"

namespace brownout::rules {
namespace {

class NatsSlowConsumerStage final : public Stage {
 public:
  // Sends an error in place of the first message of a subscription. Other messages pass, since INFO
  // and PONG do not depend on how fast the client reads.
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* line = nats_line_of(chunk);
    if (line != nullptr && line->verb != NatsVerb::kMsg && line->verb != NatsVerb::kHmsg) {
      return out.emit(std::move(chunk), now);
    }
    out.note({.action = "slow consumer"}, now);
    out.emit(nats_error("Slow Consumer"), now);
    out.close(Close::kFin, now);
  }
};

class NatsSlowConsumer final : public Fault {
 public:
  using Settings = NoSettings;
  explicit NatsSlowConsumer(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kDownstream) return nullptr;
    return std::make_unique<NatsSlowConsumerStage>();
  }
};

}  // namespace

extern const FaultKind kNatsSlowConsumer = describe<NatsSlowConsumer>(
    {.name = "nats_slow_consumer",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(NatsMessage::protocol()); },
     .summary = "The server reports that the client does not read fast enough. In place of a "
                "message, -ERR 'Slow Consumer' arrives, and the connection closes. Messages that "
                "are published meanwhile are lost, except in JetStream.",
     .correct_client = "reconnects, subscribes again, and reports that messages may be missing",
     .unit = "connection",
     .composition = "the first rule that ends the connection decides",
     .source = "NATS documentation, Slow Consumers; nats-server, write_deadline and max_pending"});

}  // namespace brownout::rules
