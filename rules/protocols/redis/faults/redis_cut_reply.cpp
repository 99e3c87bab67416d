// redis_cut_reply: closes the connection within a reply. A client that relies on the announced
// length waits for the missing bytes, or uses the incomplete value.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/protocols/redis/redis_message.h"
#include "rules/schema/how_to_close.h"

namespace brownout::rules {
namespace {

struct RedisCutReplySettings {
  std::optional<Bytes> after;
  HowToClose close = HowToClose::kFin;
};

class RedisCutReplyStage final : public Stage {
 public:
  explicit RedisCutReplyStage(const RedisCutReplySettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* view = view_as<RedisMessage>(chunk.message());
    const bool cuts = view != nullptr && view->reply && chunk.message()->wire.size() > 1;
    if (!cuts) return out.emit(std::move(chunk), now);
    auto part = std::make_shared<Message>(*chunk.message());
    const auto size = part->wire.size();
    const auto wanted =
        settings_.after ? static_cast<std::size_t>(settings_.after->count) : size / 2;
    part->wire.resize(std::clamp<std::size_t>(wanted, 1, size - 1));
    out.note({.action = "cut", .bytes = static_cast<std::int64_t>(size - part->wire.size())}, now);
    out.emit(Chunk::of({}, std::move(part)), now);
    out.close(settings_.close == HowToClose::kRst ? Close::kResetAfterData : Close::kFin, now);
  }

 private:
  RedisCutReplySettings settings_;
};

class RedisCutReply final : public Fault {
 public:
  using Settings = RedisCutReplySettings;
  explicit RedisCutReply(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "number of bytes of the reply that arrive, at least 1 and never all; half of the "
              "reply if left out"),
        field("close", &Settings::close, "how the connection closes: FIN or RST"),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kDownstream) return nullptr;
    return std::make_unique<RedisCutReplyStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kRedisCutReply = describe<RedisCutReply>(
    {.name = "redis_cut_reply",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(RedisMessage::protocol()); },
     .summary = "The connection closes within a reply, so the client has only a part of it. The "
                "command may have run.",
     .correct_client = "discards the partial reply, reconnects, and repeats only commands that are "
                       "safe to repeat",
     .unit = "connection",
     .composition = "the first rule that cuts a reply decides",
     .source = "redis.io, Redis serialization protocol specification (Bulk strings)"});

}  // namespace brownout::rules
