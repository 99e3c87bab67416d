#include "rules/faults/half_open.h"

namespace brownout::rules {
namespace {

struct Settings {
  bool answer_pings = true;
};

class HalfOpenStage final : public Stage {
 public:
  explicit HalfOpenStage(const Settings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const bool ping = chunk.message() != nullptr && chunk.message()->opcode == Opcode::kPing;
    out.note({.action = ping && settings_.answer_pings ? "answer" : "drop",
              .bytes = static_cast<std::int64_t>(chunk.size()),
              .ordinal = count_++},
             now);
    if (!ping || !settings_.answer_pings) return;
    out.reply(
        Chunk::of(chunk.bytes(), std::make_shared<const Message>(Message{.opcode = Opcode::kPong})),
        now);
  }
  // Not even the end of the other connection is felt.
  void finish(Instant, Output&) override {}
  bool severed() const override { return true; }

 private:
  Settings settings_;
  std::uint64_t count_ = 0;
};

class HalfOpen final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit HalfOpen(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("answer_pings", &Settings::answer_pings, "whether Pings get a Pong all the same"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<HalfOpenStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kHalfOpen = describe<HalfOpen>(
    {.name = "half_open",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .summary = "Messages vanish while the connection stays and Pings are answered.",
     .magnitude = "connection, one way",
     .composition = "what one rule drops the next never sees",
     .source = {}});

}  // namespace brownout::rules
