// asymmetric: one direction works, the other does not, as after a route or firewall change on one
// side only. Data in the dead direction is lost silently.
#include <array>

#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"
#include "rules/faults/common/hanging_stage.h"

namespace brownout::rules {
namespace {

enum class Dead { kUpstream, kDownstream };

struct AsymmetricSettings {
  Dead lost = Dead::kDownstream;
};

}  // namespace

template <>
struct EnumNames<Dead> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Dead>{"upstream", Dead::kUpstream},
      std::pair<std::string_view, Dead>{"downstream", Dead::kDownstream}};
};

namespace {

class Asymmetric final : public Fault {
 public:
  using Settings = AsymmetricSettings;
  explicit Asymmetric(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("lost", &Settings::lost, "the direction in which nothing arrives"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    const bool upstream = context.direction == Direction::kUpstream;
    if (upstream != (settings_.lost == Dead::kUpstream)) return nullptr;
    if (context.flow->carrier == Carrier::kDatagram) return std::make_unique<DropStage>();
    return std::make_unique<HangingStage>(context.now, "cut");
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kAsymmetric = describe<Asymmetric>(
    {.name = "asymmetric",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .summary = "One direction works; data sent in the other direction is lost.",
     .unit = "connection or session",
     .composition = "with a rule for the other direction, nothing passes",
     .source = {}});

}  // namespace brownout::rules
