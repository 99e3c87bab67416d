#include "rules/engine/plan_query.h"

#include <algorithm>
#include <utility>

#include "rules/engine/activation.h"
#include "rules/engine/plan.h"

namespace brownout::rules {

QueryPlan::QueryPlan(const RuleSet& set, const FlowFacts& query) {
  set.for_each_match(query, [&](const RuleRef& rule) {
    if (rule->fault->dns() == nullptr || !count_arrival(*rule, query)) return;
    const Activation activation(*rule, query);
    if (!activation.next(query.opened).contains(query.opened)) return;
    if (!activation.hits_chunk(Direction::kUpstream, 0, query.opened)) return;
    rule->state->sampled.fetch_add(1, std::memory_order_relaxed);
    rules_.push_back(rule);
  });
  set.for_each_observer(query, [&](const RuleRef& rule) {
    if (std::find(rules_.begin(), rules_.end(), rule) == rules_.end()) observers_.push_back(rule);
  });
}

DnsContext QueryPlan::context_of(const Rule& rule, const FlowFacts& query, Instant now) {
  return {.dice = Dice(rule.seed, rule.stage_key, query.key()),
          .rule_key = combine(rule.seed, rule.stage_key),
          .intensity = Intensity(rule.schedule, rule.began),
          .query = &query,
          .now = now,
          .shared = rule.state->shared.get(),
          .rule_dice = Dice(rule.seed, rule.stage_key, 0)};
}

void QueryPlan::note(const RuleRef& rule, const FlowFacts& query, std::optional<Note> done,
                     Notes& notes) {
  if (!done) return;
  rule->state->count(*done);
  const Activation activation(*rule, query);
  done->draw =
      activation.per_chunk() ? activation.draw(Direction::kUpstream, 0) : activation.draw();
  notes.emplace_back(rule, *done);
}

DnsVerdict QueryPlan::on_query(const FlowFacts& query, Notes& notes) {
  DnsVerdict verdict;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& rule = rules_[i];
    if (!rule->acts_on_half(Carrier::kDns, Direction::kUpstream)) continue;
    const bool before = verdict.decided();
    const auto context = context_of(*rule, query, query.opened);
    note(rule, query, rule->fault->dns()->on_query(context, verdict), notes);
    if (!before && verdict.decided()) made_by_ = i + 1;
  }
  return verdict;
}

void QueryPlan::on_reply(const FlowFacts& query, DnsReply& reply, Instant now, Notes& notes) const {
  for (std::size_t i = made_by_; i < rules_.size(); ++i) {
    if (!rules_[i]->acts_on_half(Carrier::kDns, Direction::kDownstream)) continue;
    const auto context = context_of(*rules_[i], query, now);
    note(rules_[i], query, rules_[i]->fault->dns()->on_reply(context, reply), notes);
  }
}

void QueryPlan::on_wire(const FlowFacts& query, DnsWire& wire, Instant now, Notes& notes) {
  for (const auto& rule : rules_) {
    if (!rule->acts_on_half(Carrier::kDns, Direction::kDownstream)) continue;
    if (wire.lost) return;
    note(rule, query, rule->fault->dns()->on_wire(context_of(*rule, query, now), wire), notes);
    if (!wire.hold) continue;
    holds_.add(rule, std::exchange(wire.hold, nullptr), Activation(*rule, query).next(now).close);
  }
  if (wire.lost) return;
  for (const auto& rule : observers_) rule->fault->dns()->on_seen(context_of(*rule, query, now));
}

}  // namespace brownout::rules
