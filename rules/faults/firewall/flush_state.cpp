// flush_state: the firewall loses its connection table (a restart, a failover without state sync).
// Data of open flows vanishes silently; new connections work.
#include "rules/engine/fault.h"
#include "rules/faults/common/hanging_stage.h"

namespace brownout::rules {
namespace {

class FlushState final : public Fault {
 public:
  using Settings = NoSettings;
  explicit FlushState(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  // Affects only flows that were open when the rule started.
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->opened >= context.intensity.start()) return nullptr;
    return std::make_unique<HangingStage>(context.now, "forget");
  }
};

}  // namespace

extern const FaultKind kFlushState =
    describe<FlushState>({.name = "flush_state",
                          .level = Level::kBytes,
                          .summary = "Connections that are open when the rule starts fall silent "
                                     "without closing; new ones work.",
                          .unit = "connection",
                          .composition = "the earliest flush wins",
                          .source = {}});

}  // namespace brownout::rules
