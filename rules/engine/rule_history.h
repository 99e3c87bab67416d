// RuleHistory keeps the counters of rules that are no longer loaded, so that totals never decrease
// when a rule is edited, disabled or deleted. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "rules/engine/rule_set.h"

namespace brownout::rules {

struct FaultCounts {
  std::uint64_t injected = 0;
  std::uint64_t early = 0;  // see RuleState
  // Reads `early` first: each early request is an injected fault, too.
  void add(const RuleState& state) {
    early += state.early.load();
    injected += state.injected.load();
  }
  FaultCounts since(const FaultCounts& before) const {
    return {injected - before.injected, early - before.early};
  }
};

class RuleHistory {
 public:
  // Records that `after` replaces `before`: adds the counters of the rules that are only in
  // `before`.
  void replaced(const RuleSet& before, const RuleSet& after);

  // Returns the number of faults injected by rules that are no longer loaded.
  std::uint64_t injected() const { return injected_; }
  // Whether a rule of this name had matched anything before it was removed or changed. Remembers at
  // most 4096 names.
  bool matched(const std::string& name) const { return matched_.contains(name); }
  // Returns how many faults each rule has injected, by the rule's name, for all names for which
  // matched() is true.
  const std::unordered_map<std::string, FaultCounts>& injected_by_name() const { return matched_; }

 private:
  std::uint64_t injected_ = 0;
  std::unordered_map<std::string, FaultCounts> matched_;  // by rule name
};

}  // namespace brownout::rules
