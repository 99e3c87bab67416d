// rule_order: moves a line of a firewall to a wrong place, or adds the default policy as a line.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

struct RuleOrderSettings {
  std::optional<std::string> firewall;
  std::optional<std::int64_t> line;
  std::int64_t to = 1;
};

class RuleOrder final : public FirewallMistake {
 public:
  using Settings = RuleOrderSettings;
  explicit RuleOrder(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("firewall", &Settings::firewall,
              "name of the [[firewall]] to change; left out, all firewalls"),
        field("line", &Settings::line,
              "number of the line to move, from 1. Left out, the first line that drops or rejects "
              "is moved. If there is none, the policy is inserted as a line that matches all new "
              "connections",
              {.least = 1}),
        field("to", &Settings::to, "wrong place: the new number of the line, from 1", {.least = 1}),
    }};
    return schema;
  }

  void make(Firewall& firewall) const override {
    auto& lines = firewall.rules;
    const auto stops = [](const FirewallLine& line) {
      return line.action != FirewallAction::kAccept;
    };
    auto found = settings_.line ? lines.begin() + std::min<std::ptrdiff_t>(*settings_.line - 1,
                                                                           std::ssize(lines))
                                : std::find_if(lines.begin(), lines.end(), stops);
    FirewallLine moved{.action = firewall.policy,
                       .state = PacketState::kNew,
                       .comment = "the policy as an early line"};
    if (found != lines.end()) {
      moved = *found;
      lines.erase(found);
    } else if (settings_.line) {
      return;
    }
    const auto to = std::min<std::ptrdiff_t>(settings_.to - 1, std::ssize(lines));
    lines.insert(lines.begin() + to, std::move(moved));
  }
  const std::optional<std::string>& firewall() const override { return settings_.firewall; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kRuleOrder = describe_mistake<RuleOrder>(
    "rule_order",
    "A line of the firewall is in the wrong place, for example a line that drops a large prefix "
    "ahead of lines that accept parts of the prefix. A connection that the line drops opens and "
    "stays silent. A connection that the line rejects gets a RST.",
    "gives up a silent connection after its own time-out, tries its next address, and "
    "reports the address that it could not reach",
    "iptables(8) and nft(8) (order of rules); RFC 1123, 2.3 (several addresses); RFC "
    "9293, 3.8.3 (no answer)");

}  // namespace brownout::rules
