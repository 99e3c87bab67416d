// no_established: removes the lines that accept established packets. `stateful = false` means that
// established packets go through the remaining lines like all others.
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
              "name of the [[firewall]] to change; left out, all firewalls"),
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
    "The firewall loses the lines that accept packets of established connections, and the setting "
    "`stateful = true`. Requests may still arrive, but replies are stopped unless another line or "
    "the `policy` accepts the replies. Open connections fall silent if the action is drop, or get "
    "a RST if the action is reject.",
    "has a time-out for each request, and repeats only requests that may be executed "
    "twice, because the first one may have arrived",
    "nft(8), ct state; iptables-extensions(8), conntrack; RFC 9110, 9.2.2 (idempotent "
    "methods)");

}  // namespace brownout::rules
