// half_open: discards messages and keeps the connection open, as if the peer had vanished without a
// close. Pings may still be answered, as by a proxy in front of the peer. A rule that selects
// messages acts from the first of them on, so streams without such a message end as usual.
#include "rules/engine/fault.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

struct HalfOpenSettings {
  bool answer_pings = true;
  std::int64_t after_messages = 0;
};

class HalfOpenStage final : public Stage {
 public:
  HalfOpenStage(const HalfOpenSettings& settings, bool selective)
      : settings_(settings), vanished_(!selective && settings.after_messages == 0) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (passed_ < settings_.after_messages) {
      vanished_ = ++passed_ == settings_.after_messages;
      return out.emit(std::move(chunk), now);
    }
    vanished_ = true;
    auto pong = settings_.answer_pings ? pong_of(chunk) : std::nullopt;
    out.note({.action = pong ? "answer" : "drop",
              .bytes = static_cast<std::int64_t>(chunk.size()),
              .ordinal = count_++},
             now);
    if (pong) out.reply(std::move(*pong), now);
  }
  // Discards the end of the sender's stream, too.
  void finish(Instant now, Output& out) override {
    if (!vanished_) out.finish(now);
  }
  bool blackholed() const override { return vanished_; }

 private:
  HalfOpenSettings settings_;
  bool vanished_;
  std::uint64_t count_ = 0;
  std::int64_t passed_ = 0;
};

class HalfOpen final : public Fault {
 public:
  using Settings = HalfOpenSettings;
  explicit HalfOpen(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("answer_pings", &Settings::answer_pings,
              "true: Brownout answers pings in place of the peer; false: pings are lost, too"),
        field("after_messages", &Settings::after_messages,
              "number of messages of the connection, or of the HTTP body, that pass first in each "
              "direction",
              {.least = 0, .most = 1'000'000'000}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<HalfOpenStage>(settings_, context.selective);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kHalfOpen = describe<HalfOpen>(
    {.name = "half_open",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .summary = "Messages are lost while the connection stays open. Brownout answers pings in "
                "place of the peer, so the client sees an idle connection: no Close, FIN or RST. "
                "If `match` selects messages, the loss begins with the first selected message.",
     .correct_client =
         "has a time-out for each acknowledgement or answer of its application, closes the "
         "connection when one is missing, and connects again",
     .unit = "connection, in each direction",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = "RFC 9293, 3.5.1 (half-open connections); RFC 6455, 5.5.2 and 5.5.3; MQTT 5.0, "
               "3.1.2.10 and 4.4; XEP-0198, 4; XEP-0199"});

}  // namespace brownout::rules
