// asymmetric: data arrives in one direction only. The data of the other direction is held for
// streams, because TCP would retransmit it until the rule ends. Datagrams are dropped.
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
        field("lost", &Settings::lost, "direction in which no data arrives"),
    }};
    return schema;
  }

  // True for both directions: to the client, a lost SYN-ACK looks the same as a lost SYN.
  bool loses_syns() const override { return true; }
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
     .summary = "Data arrives in one direction only, as after a route or firewall change on one "
                "side. Neither end gets a FIN or RST. New connects hang, as with the fault "
                "`unplug`. In the other direction, TCP data is held back until the rule ends, and "
                "datagrams are lost.",
     .correct_client =
         "has a time-out for each request, and takes only received data, not its own sent "
         "data, as a sign that the connection works",
     .unit = "connection or UDP session",
     .composition =
         "each rule stops the direction in its `lost`; one rule for each direction stops all data",
     .source = "RFC 9293, 3.8.3 (no acknowledgement) and 3.8.4 (keep-alives)"});

}  // namespace brownout::rules
