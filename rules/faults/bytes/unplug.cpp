// unplug: a pulled cable. The connection works, then hangs forever without closing: no byte, FIN or
// RST of one end reaches the other. When the rule ends (the cable is back), everything held is
// delivered.
#include "rules/engine/fault.h"
#include "rules/faults/common/hanging_stage.h"

namespace brownout::rules {
namespace {

struct UnplugSettings {
  Duration after{};
};

class Unplug final : public Fault {
 public:
  using Settings = UnplugSettings;
  explicit Unplug(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "how long the connection works first, from the time the rule takes effect on it"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<HangingStage>(later(context.now, settings_.after), "unplug");
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kUnplug = describe<Unplug>(
    {.name = "unplug",
     .level = Level::kBytes,
     .summary = "The connection works, then hangs without closing until the rule ends.",
     .unit = "connection",
     .composition = "the rule that hangs the connection first wins",
     .source = {}});

}  // namespace brownout::rules
