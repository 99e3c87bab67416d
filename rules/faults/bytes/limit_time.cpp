// limit_time: closes a connection after a fixed time, regardless of its traffic, and possibly in
// the middle of a message.
#include <array>

#include "rules/engine/fault.h"
#include "rules/faults/common/hanging_stage.h"

namespace brownout::rules {
namespace {

enum class Ending { kFin, kRst, kHang };

struct LimitTimeSettings {
  Duration after{};
  Ending close = Ending::kFin;
};

class LimitTimeStage final : public Stage {
 public:
  LimitTimeStage(Close how, Instant ends) : how_(how), ends_(ends) {}

  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
  void wake(Instant now, Output& out) override {
    ends_ = kNever;
    out.note({.action = "cut"}, now);
    out.close(how_, now);
  }
  Instant deadline() const override { return ends_; }

 private:
  Close how_;
  Instant ends_;
};

}  // namespace

template <>
struct EnumNames<Ending> {
  static constexpr std::array kValues{std::pair<std::string_view, Ending>{"fin", Ending::kFin},
                                      std::pair<std::string_view, Ending>{"rst", Ending::kRst},
                                      std::pair<std::string_view, Ending>{"hang", Ending::kHang}};
};

namespace {

class LimitTime final : public Fault {
 public:
  using Settings = LimitTimeSettings;
  explicit LimitTime(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "time for which the connection works, from the moment the rule begins to act on it",
              {.required = true}),
        field("close", &Settings::close,
              "how the connection ends: by FIN, by RST, or \"hang\" (all data is held and neither "
              "end is closed, as with `unplug`)"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    const Instant ends = later(context.now, settings_.after);
    if (settings_.close == Ending::kHang) return std::make_unique<HangingStage>(ends, "hang");
    const Close how = settings_.close == Ending::kRst ? Close::kReset : Close::kFin;
    return std::make_unique<LimitTimeStage>(how, ends);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kLimitTime = describe<LimitTime>(
    {.name = "limit_time",
     .level = Level::kBytes,
     .summary = "The connection works for a time. Then it is closed, is reset or falls silent, "
                "even while data flows.",
     .correct_client = "detects the end of the connection, connects again with growing pauses, and "
                       "resumes what was interrupted",
     .unit = "connection",
     .composition = "the rule that ends the connection first decides",
     .source = "gRPC proposal A9 (MAX_CONNECTION_AGE); RFC 9293, 3.6 (close) and 3.5.2 (reset)"});

}  // namespace brownout::rules
