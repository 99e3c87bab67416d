// port_block: a line ahead of all others closes a port, for live flows too.
#include <algorithm>
#include <utility>

#include "rules/engine/fault.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

struct PortBlockSettings {
  std::optional<std::string> firewall;
  std::vector<PortRange> port;
  std::optional<Transport> protocol;
  FirewallAction action = FirewallAction::kDrop;
};

class PortBlock final : public FirewallMistake {
 public:
  using Settings = PortBlockSettings;
  explicit PortBlock(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("firewall", &Settings::firewall,
              "name of the [[firewall]] to change; all if left out"),
        field("port", &Settings::port, "blocked ports of the server: numbers or ranges",
              {.required = true}),
        field("protocol", &Settings::protocol, "transport protocol; both if left out"),
        field("action", &Settings::action, "what happens to packets to or from that port"),
    }};
    return schema;
  }

  void make(Firewall& firewall) const override {
    FirewallLine line{.action = settings_.action,
                      .port = settings_.port,
                      .protocol = settings_.protocol,
                      .comment = "blocked by mistake"};
    auto reply = line;
    std::swap(reply.port, reply.source_port);
    reply.state = PacketState::kEstablished;
    // The block applies to established flows too: the implicit accept of established packets
    // becomes an explicit line behind the block.
    if (std::exchange(firewall.stateful, false)) {
      firewall.rules.insert(firewall.rules.begin(), {.action = FirewallAction::kAccept,
                                                     .state = PacketState::kEstablished});
    }
    firewall.rules.insert(firewall.rules.begin(), {line, reply});
  }
  const std::optional<std::string>& firewall() const override { return settings_.firewall; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kPortBlock = describe_mistake<PortBlock>("port_block", "A port is blocked.");

}  // namespace brownout::rules
