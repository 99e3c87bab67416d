// stall_mid_body: stops a body after some bytes, for a while or for ever. The connection stays
// open.
#include <algorithm>

#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct StallMidBodySettings {
  Bytes after{};
  std::optional<Duration> duration;
};

class StallStage final : public HoldingStage {
 public:
  explicit StallStage(const StallMidBodySettings& settings)
      : left_(settings.after.count), duration_(settings.duration) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto passed = std::min(left_, static_cast<std::int64_t>(chunk.size()));
    left_ -= passed;
    if (passed > 0) hold(chunk.take_front(static_cast<std::size_t>(passed)), now, now, out);
    if (chunk.empty()) return;
    if (until_ == Instant::min()) {
      until_ = duration_ ? later(now, *duration_) : kNever;
      out.note({.action = "stall", .delay = duration_.value_or(Duration{})}, now);
    }
    hold(std::move(chunk), until_, now, out);
  }

 private:
  std::int64_t left_;
  std::optional<Duration> duration_;
  Instant until_ = Instant::min();
};

class StallMidBody final : public Fault {
 public:
  using Settings = StallMidBodySettings;
  explicit StallMidBody(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "how much of the body passes before it stalls"),
        field("duration", &Settings::duration, "how long it stalls; for ever if left out",
              {.least = Duration(1)}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<StallStage>(settings_);
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kStallMidBody =
    describe<StallMidBody>({.name = "stall_mid_body",
                            .level = Level::kMessage,
                            .carriers = kHttpRequests,
                            .directed = true,
                            .on_body = true,
                            .summary = "The body stops in the middle; the connection stays open.",
                            .unit = "body of a request, a response, or both (`direction`)",
                            .composition = "stalls of several rules add up",
                            .source = {}});

}  // namespace brownout::rules
