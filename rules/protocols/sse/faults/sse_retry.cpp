// sse_retry: sets the time after which a client connects again. Zero makes a client with no limit
// of its own connect without pause.
#include "rules/engine/fault.h"
#include "rules/protocols/sse/sse_message.h"

namespace brownout::rules {
namespace {

struct SseRetrySettings {
  Duration retry{};
};

class SseRetryStage final : public Stage {
 public:
  explicit SseRetryStage(Duration retry)
      : retry_(
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(retry).count())) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* event = view_as<SseMessage>(chunk.message());
    if (event == nullptr || event->kind == SseKind::kComment) {
      return out.emit(std::move(chunk), now);
    }
    auto changed = std::make_shared<SseMessage>(*event);
    changed->retry = retry_;
    out.note({.action = "set retry", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
    out.emit(message_chunk(SseMessage::protocol(), std::move(changed), text_of(chunk.bytes())),
             now);
  }

 private:
  std::string retry_;  // in milliseconds, as the field has it
};

class SseRetry final : public Fault {
 public:
  using Settings = SseRetrySettings;
  explicit SseRetry(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("retry", &Settings::retry,
              "time that the client is told to wait before it connects again, in whole "
              "milliseconds; 0s: no wait",
              {.least = Duration::zero(), .most = std::chrono::hours(24 * 30), .required = true}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<SseRetryStage>(settings_.retry);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSseRetry = describe<SseRetry>(
    {.name = "sse_retry",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(SseMessage::protocol()); },
     .summary = "An event sets another time that the client waits before it connects again (the "
                "field `retry`). It applies from the next loss of the connection.",
     .correct_client = "has a minimum and a maximum of its own for this time, and waits longer "
                       "after each failure",
     .unit = "event",
     .composition = "the last rule that sets the time decides",
     .source = "WHATWG HTML, 9.2.3 (reconnection time) and 9.2.6 (the field retry)"});

}  // namespace brownout::rules
