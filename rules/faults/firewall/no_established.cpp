// no_established: the line (or the default) that accepts established packets is missing. Replies
// are dropped unless another line matches them, and live flows die.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

struct NoEstablishedSettings {
  std::optional<std::string> firewall;
};

class NoEstablished final : public FirewallMistake {
 public:
  using Settings = NoEstablishedSettings;
  explicit NoEstablished(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("firewall", &Settings::firewall,
              "name of the [[firewall]] to change; all if left out"),
    }};
    return schema;
  }

  void make(Firewall& firewall) const override {
    firewall.stateful = false;
    std::erase_if(firewall.rules, [](const FirewallLine& line) {
      return line.action == FirewallAction::kAccept && line.state == PacketState::kEstablished;
    });
  }
  const std::optional<std::string>& firewall() const override { return settings_.firewall; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kNoEstablished = describe_mistake<NoEstablished>(
    "no_established",
    "Established packets are no longer accepted by default: replies are dropped, live flows die.");

}  // namespace brownout::rules
