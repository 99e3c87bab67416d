#include <algorithm>
#include <set>

#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

bool is_for(const Rule& rule, const Firewall& firewall) {
  if (rule.kind->level != Level::kFirewall) return false;
  const auto& name = static_cast<const FirewallMistake&>(*rule.fault).firewall();
  return !name || *name == firewall.name;
}

}  // namespace

FirewallTimeline::FirewallTimeline(Firewall correct,
                                   const std::vector<std::shared_ptr<const Rule>>& mistakes)
    : correct_(std::move(correct)) {
  std::set<Instant> changes{Instant::min()};
  for (const auto& rule : mistakes) {
    if (!is_for(*rule, correct_)) continue;
    const auto window = rule->schedule.window(rule->began);
    changes.insert({window.open, window.close});
  }
  changes.erase(kNever);
  for (const auto from : changes) {
    Epoch epoch{.from = from, .firewall = correct_, .mistakes = {}};
    for (const auto& rule : mistakes) {
      if (!is_for(*rule, correct_)) continue;
      if (!rule->schedule.window(rule->began).contains(from)) continue;
      static_cast<const FirewallMistake&>(*rule->fault).make(epoch.firewall);
      epoch.mistakes.push_back(rule);
    }
    epochs_.push_back(std::move(epoch));
  }
}

const FirewallTimeline::Epoch& FirewallTimeline::at(Instant now) const {
  const auto after = std::upper_bound(epochs_.begin(), epochs_.end(), now,
                                      [](Instant t, const Epoch& epoch) { return t < epoch.from; });
  return *std::prev(after);
}

Instant FirewallTimeline::next_change(Instant now) const {
  const auto after = std::upper_bound(epochs_.begin(), epochs_.end(), now,
                                      [](Instant t, const Epoch& epoch) { return t < epoch.from; });
  return after == epochs_.end() ? kNever : after->from;
}

FirewallTimeline::Verdict FirewallTimeline::decide(const Packet& packet, Instant now) const {
  const Epoch& epoch = at(now);
  const auto decision = epoch.firewall.decide(packet);
  const bool changed = !epoch.mistakes.empty() && decision.action != correct_.decide(packet).action;
  return {decision, &epoch, changed};
}

bool FirewallTimeline::ever_stops(const Packet& packet) const {
  return std::any_of(epochs_.begin(), epochs_.end(), [&](const Epoch& epoch) {
    return epoch.firewall.decide(packet).action != FirewallAction::kAccept;
  });
}

}  // namespace brownout::rules
