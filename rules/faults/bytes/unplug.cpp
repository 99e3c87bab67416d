// unplug: imitates a pulled network cable. When the rule ends (the cable is back), all held data is
// delivered. The kernels of the proxy and its peers still answer each other, so TCP keep-alive does
// not detect the fault.
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
              "time for which the connection works, from the moment the rule begins to act on it"),
    }};
    return schema;
  }

  // With `after`, new connections work at first, so SYNs must not be dropped.
  bool loses_syns() const override { return settings_.after == Duration::zero(); }
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
     .summary = "The connection works, then falls silent: no byte, FIN or RST of one end reaches "
                "the other until the rule ends. The kernel still acknowledges data and TCP "
                "keep-alives. Without `after`, new connects hang as with syn_loss, if the "
                "probability is 100% and `match` has no key that a SYN packet cannot show; "
                "`brownout explain` tells whether they hang.",
     .correct_client = "detects the silence by a heartbeat of its protocol or a time-out for each "
                       "reply, and connects again",
     .unit = "connection",
     .composition = "the rule that silences the connection first decides",
     .source = "RFC 9293, 3.5.1 (half-open connections); RFC 6455, 5.5.2 (Ping as a heartbeat)"});

}  // namespace brownout::rules
