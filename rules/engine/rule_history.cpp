#include "rules/engine/rule_history.h"

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
    if (rule->state->matched.load() > 0 && matched_.size() < kMostNames)
      matched_.insert(rule->name);
  }
}

}  // namespace brownout::rules
