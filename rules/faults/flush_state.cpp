#include "rules/faults/flush_state.h"

#include "rules/hanging_stage.h"

namespace brownout::rules {
namespace {

struct NoSettings {};

class FlushState final : public Fault {
 public:
  using Settings = NoSettings;
  explicit FlushState(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  // Only flows that were open when it happened.
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->opened >= context.intensity.start()) return nullptr;
    return std::make_unique<HangingStage>(context.now, "forget");
  }
};

}  // namespace

const FaultKind kFlushState = describe<FlushState>(
    {.name = "flush_state",
     .level = Level::kBytes,
     .summary = "Connections that are open when it starts fall silent for ever; new ones work.",
     .magnitude = "connection",
     .composition = "the earliest wins",
     .source = {}});

}  // namespace brownout::rules
