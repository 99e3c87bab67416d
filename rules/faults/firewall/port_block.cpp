// port_block: blocks a port by two new lines ahead of all others, one for each direction.
#include <array>
#include <utility>

#include "rules/engine/fault.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

enum class BlockAction { kDrop, kReject };

}  // namespace

template <>
struct EnumNames<BlockAction> {
  static constexpr std::array kValues{
      std::pair<std::string_view, BlockAction>{"drop", BlockAction::kDrop},
      std::pair<std::string_view, BlockAction>{"reject", BlockAction::kReject}};
};

namespace {

struct PortBlockSettings {
  std::optional<std::string> firewall;
  std::vector<PortRange> port;
  std::optional<Transport> protocol;
  BlockAction action = BlockAction::kDrop;
};

class PortBlock final : public FirewallMistake {
 public:
  using Settings = PortBlockSettings;
  explicit PortBlock(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("firewall", &Settings::firewall,
              "name of the [[firewall]] to change; left out, all firewalls"),
        field("port", &Settings::port, "ports of the server that are blocked: numbers or ranges",
              {.required = true}),
        field("protocol", &Settings::protocol,
              "transport protocol of the blocked ports; left out, TCP and UDP"),
        field("action", &Settings::action,
              "drop: packets to or from these ports vanish; reject: TCP connections get a RST, "
              "datagrams the ICMP message port unreachable where Brownout may send it"),
    }};
    return schema;
  }

  void make(Firewall& firewall) const override {
    const bool drops = settings_.action == BlockAction::kDrop;
    FirewallLine line{.action = drops ? FirewallAction::kDrop : FirewallAction::kReject,
                      .port = settings_.port,
                      .protocol = settings_.protocol,
                      .comment = "blocked by mistake"};
    auto reply = line;
    std::swap(reply.port, reply.source_port);
    reply.state = PacketState::kEstablished;
    // Established flows must be blocked, too. With stateful = true, the firewall accepts their
    // packets before it looks at any line. Replace this by a line that accepts them, and put the
    // two blocking lines before it.
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

extern const FaultKind kPortBlock = describe_mistake<PortBlock>(
    "port_block",
    "A port of the server is blocked, for new and for open connections. With action "
    "\"drop\" a connection stays silent; with \"reject\" it gets a RST. UDP datagrams and "
    "DNS queries get no answer in both cases.",
    "treats silence after its own time-out like a refusal, tries its next address, and "
    "waits longer after each failed attempt",
    "iptables-extensions(8), REJECT; RFC 9293, 3.5.2 (RST) and 3.8.3 (no answer); RFC "
    "1123, 2.3 (several addresses)");

}  // namespace brownout::rules
