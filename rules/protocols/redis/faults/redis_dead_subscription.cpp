// redis_dead_subscription: drops everything after a subscription, as after a NAT has forgotten an
// idle connection.
#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::rules {
namespace {

class RedisDeadSubscriptionStage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* view = view_as<RedisMessage>(chunk.message());
    if (dead_) return swallow(chunk, now, out);
    const bool subscribes = view != nullptr && view->reply && view->channel;
    if (!subscribes) return out.emit(std::move(chunk), now);
    dead_ = true;
    // The confirmation of the subscription still passes.
    if (view->command) return out.emit(std::move(chunk), now);
    swallow(chunk, now, out);
  }
  void pass(Chunk chunk, Instant now, Output& out) override {
    dead_ ? swallow(chunk, now, out) : out.emit(std::move(chunk), now);
  }
  void finish(Instant now, Output& out) override {
    if (!dead_) out.finish(now);
  }
  bool blackholed() const override { return dead_; }

 private:
  void swallow(const Chunk& chunk, Instant now, Output& out) {
    out.note(dropped(chunk, count_++), now);
  }

  bool dead_ = false;
  std::uint64_t count_ = 0;
};

class RedisDeadSubscription final : public Fault {
 public:
  using Settings = NoSettings;
  explicit RedisDeadSubscription(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kDownstream) return nullptr;
    return std::make_unique<RedisDeadSubscriptionStage>();
  }
};

}  // namespace

extern const FaultKind kRedisDeadSubscription = describe<RedisDeadSubscription>(
    {.name = "redis_dead_subscription",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(RedisMessage::protocol()); },
     .summary = "Once the client has subscribed to a channel, nothing more arrives: no message and "
                "no answer to PING. The connection stays open. Messages that are published "
                "meanwhile are lost.",
     .correct_client = "sends PING while it is idle, closes the connection if no answer arrives, "
                       "and subscribes again on a new one",
     .unit = "connection",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = "redis.io, Redis Pub/Sub (Delivery semantics) and PING; RFC 5382, 5 (idle "
               "connections in a NAT)"});

}  // namespace brownout::rules
