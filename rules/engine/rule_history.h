// RuleHistory: what rules did that are no longer loaded, so that totals never fall when a rule is
// edited, switched off or deleted. Not for several threads at once.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "rules/engine/rule_set.h"

namespace brownout::rules {

class RuleHistory {
 public:
  // `after` takes the place of `before`.
  void replaced(const RuleSet& before, const RuleSet& after);

  // Faults of rules that are gone.
  std::uint64_t injected() const { return injected_; }
  // Whether a rule of this name, gone or edited since, matched anything. Remembers 4096 names.
  bool matched(const std::string& name) const { return matched_.contains(name); }

 private:
  std::uint64_t injected_ = 0;
  std::unordered_set<std::string> matched_;
};

}  // namespace brownout::rules
