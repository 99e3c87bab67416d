// PlanHolds is the set of holds (hold.h) that rules put on one HTTP or DNS message. The message is
// forwarded when all holds have ended. Owned by the plan of the message (plan_http.h,
// plan_query.h); used on the thread of its connection.
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
  // Entries for the event log, each with its rule.
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  // Adds a hold, for which the message waits until it ends, but not longer than until `latest`.
  void add(RuleRef rule, std::shared_ptr<Hold> hold, Instant latest);
  bool empty() const { return all_.empty(); }
  // Sets the function to call when one of the holds has ended. Any thread may call it. The owner of
  // this object must then call look() on its own thread.
  void watch(const std::function<void()>& callback) const;
  // Removes the holds that have ended.
  void look();
  // Returns the time at which wake() must be called.
  Instant deadline() const;
  // Runs the holds' deadlines that are due, and adds entries for the event log to `notes`. Removes
  // holds of rules that are no longer active.
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
