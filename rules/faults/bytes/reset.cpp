// reset: resets a connection. With per = "chunk", the first chunk that the random draw selects
// causes the reset.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct ResetSettings {
  Duration after{};
  Bytes after_bytes{};
  bool on_data = false;
};

class ResetStage final : public Stage {
 public:
  ResetStage(const ResetSettings& settings, const StageContext& context) : settings_(settings) {
    const bool waits = context.selective || settings.after_bytes.count > 0 || settings.on_data;
    if (!waits) resets_ = later(context.now, settings.after);
  }

  void push(Chunk chunk, Instant now, Output& out) override {
    if (settings_.on_data) return begin(now);
    passed_ += static_cast<std::int64_t>(chunk.size());
    if (resets_ == kNever && passed_ >= settings_.after_bytes.count) {
      const auto over = static_cast<std::size_t>(passed_ - settings_.after_bytes.count);
      resets_ = later(now, settings_.after);
      // If the reset is due at once, exactly `after_bytes` bytes pass before it.
      if (settings_.after == Duration::zero() && over <= chunk.size()) {
        chunk = chunk.take_front(chunk.size() - over);
      }
    }
    out.emit(std::move(chunk), now);
  }
  void finish(Instant now, Output& out) override {
    if (!settings_.on_data) return out.finish(now);
    begin(now);
  }
  // Resets a connection whose bytes were discarded: its stream is incomplete and cannot continue.
  void release(Instant now, Output& out) override {
    if (settings_.on_data && resets_ != kNever) wake(now, out);
  }
  void wake(Instant now, Output& out) override {
    resets_ = kNever;
    out.note({.action = "reset"}, now);
    out.close(Close::kReset, now);
  }
  Instant deadline() const override { return resets_; }

 private:
  void begin(Instant now) {
    if (resets_ == kNever) resets_ = later(now, settings_.after);
  }

  ResetSettings settings_;
  Instant resets_ = kNever;
  std::int64_t passed_ = 0;
};

class Reset final : public Fault {
 public:
  using Settings = ResetSettings;
  explicit Reset(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "time until the reset. It counts from the moment the rule begins to act on the "
              "connection, or with `after_bytes` from the last of those bytes"),
        field("after_bytes", &Settings::after_bytes,
              "how many bytes pass in one direction before `after` begins to count"),
        field(
            "on_data", &Settings::on_data,
            "true: `after` counts from the first byte or FIN in either direction. From then on, no "
            "data passes in the direction of this byte or FIN. `after_bytes` then has no effect"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<ResetStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReset =
    describe<Reset>({.name = "reset",
                     .level = Level::kBytes,
                     .per_chunk = true,
                     .summary = "The connection is reset at once, after a time, or after a number "
                                "of bytes. Both ends get a RST, and bytes in flight are lost.",
                     .correct_client = "reports or repeats what its protocol has not acknowledged, "
                                       "and connects again with growing pauses",
                     .unit = "connection",
                     .composition = "the earliest reset decides",
                     .source = "RFC 9293, 3.5.2 and 3.5.3"});

}  // namespace brownout::rules
