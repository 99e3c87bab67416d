// stall_mid_body: stops in the middle of a body. Unlike with truncate_body, no FIN or RST tells the
// client that the rest is missing.
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
        field("after", &Settings::after, "number of bytes of the body that pass before the pause"),
        field("duration", &Settings::duration,
              "length of the pause, after which the remaining body passes; left out, the pause "
              "does not end",
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

extern const FaultKind kStallMidBody = describe<StallMidBody>(
    {.name = "stall_mid_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .directed = true,
     .on_body = true,
     .summary = "The body stops after a number of bytes, for a time or for ever. The connection "
                "stays open.",
     .correct_client = "has a time-out for the progress of the body, closes the connection when it "
                       "expires, and does not use the partial body",
     .unit = "body of the request, of the response, or of both (`direction`)",
     .composition = "the pauses of several rules add up",
     .source = "RFC 9112, 8 and 9.5; curl(1), --speed-limit and --speed-time"});

}  // namespace brownout::rules
