#include "rules/engine/rule_history.h"

#include <unordered_set>

namespace brownout::rules {
namespace {

constexpr std::size_t kMostNames = 4096;

}  // namespace

void RuleHistory::replaced(const RuleSet& before, const RuleSet& after) {
  std::unordered_set<const RuleState*> stay;
  for (const auto& rule : after.rules()) stay.insert(rule->state.get());
  for (const auto& rule : before.rules()) {
    if (stay.contains(rule->state.get())) continue;
    injected_ += rule->state->injected.load();
    const bool kept = matched_.contains(rule->name) || matched_.size() < kMostNames;
    if (rule->state->matched.load() > 0 && kept) matched_[rule->name].add(*rule->state);
  }
}

}  // namespace brownout::rules
