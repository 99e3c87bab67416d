#include <algorithm>

#include "rules/engine/activation.h"
#include "rules/engine/http2_fault.h"
#include "rules/engine/plan.h"

namespace brownout::rules {

bool Http2Plan::set(const RuleSet& set, const FlowFacts& connection, Instant now, Notes& notes) {
  Http2ConnectionFaults faults;
  std::vector<RuleRef> acting;
  next_ = kNever;
  auto facts = connection;
  facts.carrier = Carrier::kHttp;
  set.for_each_match(facts, [&](const RuleRef& rule) {
    const auto* fault = rule->fault->http2();
    if (fault == nullptr) return;
    const auto window = Activation(*rule, facts).next(now);
    const bool acts = window.contains(now);
    next_ = std::min(next_, acts ? window.close : std::max(window.open, now + Duration(1)));
    if (!acts) return;
    const auto action = fault->on_connection(faults);
    acting.push_back(rule);
    if (std::find(acting_.begin(), acting_.end(), rule) != acting_.end()) return;
    count_arrival(*rule, facts);
    rule->state->sampled.fetch_add(1, std::memory_order_relaxed);
    const Note note{.action = action};
    rule->state->count(note);
    notes.emplace_back(rule, note);
  });
  acting_ = std::move(acting);
  return std::exchange(faults_, faults) != faults_;
}

}  // namespace brownout::rules
