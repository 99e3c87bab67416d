// What holds one message of HTTP or DNS back, of all the rules that act on it: it goes on when each
// of them has let it go. Owned by its plan; thread: that of the flow.
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

  // Not beyond `latest`.
  void add(RuleRef rule, std::shared_ptr<Hold> hold, Instant latest);
  bool empty() const { return all_.empty(); }
  // Calls told() as each of them lets go, from any thread; look() is then to be called, which
  // forgets those that have.
  void watch(const std::function<void()>& told) const;
  void look();
  // When wake() is to be called.
  Instant deadline() const;
  void wake(Instant now, Notes& notes);
  // Rules that went away hold nothing.
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
