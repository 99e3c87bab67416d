// PlanHolds contains the holds (hold.h) of all rules on one HTTP or DNS message. The message is
// forwarded when the last hold has ended. Owned by the plan of the message; thread of the flow.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rules/engine/hold.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

class PlanHolds {
 public:
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  // The hold is removed at `latest`, even if it has not ended.
  void add(RuleRef rule, std::shared_ptr<Hold> hold, Instant latest);
  bool empty() const { return all_.empty(); }
  // Calls told() when a hold ends, on any thread. The flow must then call look().
  void watch(const std::function<void()>& told) const;
  // Removes the holds that have ended.
  void look();
  // The time at which wake() must be called.
  Instant deadline() const;
  void wake(Instant now, Notes& notes);
  // Removes the holds of rules that `set` does not contain.
  void keep(const RuleSet& set);
  void clear() { all_.clear(); }

 private:
  struct Entry {
    RuleRef rule;
    std::shared_ptr<Hold> hold;
    Instant latest;
  };
  std::vector<Entry> all_;
};

}  // namespace brownout::rules
