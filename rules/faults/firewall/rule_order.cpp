// rule_order: a line is in the wrong place, for example a broad drop ahead of the narrow accepts
// that it should follow.
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
              "name of the [[firewall]] to change; all if left out"),
        field("line", &Settings::line,
              "number of the line to move, from 1; if left out, the first line that drops or "
              "rejects, or else the policy as a line for new flows",
              {.least = 1}),
        field("to", &Settings::to, "its new line number", {.least = 1}),
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
    FirewallLine moved{
        .action = firewall.policy, .state = PacketState::kNew, .comment = "the policy, too early"};
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

extern const FaultKind kRuleOrder =
    describe_mistake<RuleOrder>("rule_order",
                                "A line of the firewall is in the wrong place, for example a broad "
                                "drop before narrow accepts.");

}  // namespace brownout::rules
