// slow_close: delays the end of a stream (FIN). Toxiproxy has this fault under the same name.
#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct SlowCloseSettings {
  Duration delay{};
};

class SlowCloseStage final : public HoldingStage {
 public:
  SlowCloseStage(const SlowCloseSettings& settings, const StageContext& context)
      : delay_(settings.delay), intensity_(context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
  void finish(Instant now, Output& out) override {
    const Duration delay = scaled(delay_, intensity_.at(now));
    out.note({.action = "hold FIN", .delay = delay}, now);
    line_.finish(later(now, delay));
    line_.drain(now, out);
  }

 private:
  Duration delay_;
  Intensity intensity_;
};

class SlowClose final : public Fault {
 public:
  using Settings = SlowCloseSettings;
  explicit SlowClose(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long the FIN waits", {.required = true}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<SlowCloseStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSlowClose = describe<SlowClose>(
    {.name = "slow_close",
     .level = Level::kBytes,
     .ramp = Ramp::kMagnitude,
     .ramped = "the delay of the FIN grows from 0 to `delay`",
     .summary = "The end of the stream (FIN) arrives late; the data is not delayed.",
     .correct_client = "does not wait for the FIN if its protocol marks the end of the data, and "
                       "otherwise has a time-out",
     .unit = "end of a stream (FIN), in each direction",
     .composition = "the delays of all rules add up",
     .source =
         "Toxiproxy, slow_close; RFC 9293, 3.6 (closing); RFC 9112, 6.3 (end of an HTTP message)"});

}  // namespace brownout::rules
