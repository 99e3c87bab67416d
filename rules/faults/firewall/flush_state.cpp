// flush_state: the firewall loses its connection table, as after a restart or a failover without
// state synchronization.
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

extern const FaultKind kFlushState = describe<FlushState>(
    {.name = "flush_state",
     .level = Level::kBytes,
     .summary = "Connections that are open when the rule starts fall silent, without a FIN or RST. "
                "New connections work. When the rule ends, the data that was held back arrives.",
     .correct_client =
         "detects the silence by a heartbeat or keep-alive, closes the connection after its "
         "own time-out, and connects again",
     .unit = "connection that is open when the rule starts",
     .composition = "a connection falls silent when the first of these rules starts",
     .source = "conntrack(8), --flush; RFC 9293, 3.8.3 (time-out) and 3.8.4 (keep-alives)"});

}  // namespace brownout::rules
