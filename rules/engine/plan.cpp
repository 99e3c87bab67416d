#include "rules/engine/plan.h"

#include <algorithm>

#include "rules/engine/activation.h"
#include "rules/engine/firewall_fault.h"
#include "rules/engine/syn_plan.h"

namespace brownout::rules {
namespace {

bool acts_on_arrival(const Rule& rule) {
  return rule.kind->level == Level::kConnection || rule.fault->admits_on_arrival();
}

// Whether the rule acts on the bytes or datagrams of a flow.
bool acts_on_bytes(const Rule& rule) {
  return rule.kind->level == Level::kBytes && !rule.fault->admits_on_arrival() &&
         !rule.fault->admits_on_dial();
}

// Whether the match depends on the server's address, which was unknown when the connection arrived.
bool decided_late(const Rule& rule, const FlowFacts& flow) {
  return rule.match.is_for_server() && !flow.intercepted;
}

// Calls ask(context) if the rule's schedule and random draw select the connection. Counts and logs
// the result.
template <class Ask>
void choose(const RuleRef& rule, const FlowFacts& flow, Instant now,
            std::vector<std::pair<RuleRef, Note>>& notes, Ask ask) {
  const Activation activation(*rule, flow);
  if (!activation.next(now).contains(now)) return;
  auto& state = *rule->state;
  state.sampled.fetch_add(1, std::memory_order_relaxed);
  std::optional<Note> note = ask(StageContext{.dice = Dice(rule->seed, rule->stage_key, flow.key()),
                                              .intensity = Intensity(rule->schedule, rule->began),
                                              .flow = &flow,
                                              .direction = Direction::kUpstream,
                                              .now = now,
                                              .shared = state.shared.get(),
                                              .rule_dice = Dice(rule->seed, rule->stage_key, 0)});
  if (!note) return;
  state.count(*note);
  note->draw = activation.draw();
  notes.emplace_back(rule, *note);
}

void admit(const RuleRef& rule, const FlowFacts& flow, Instant now, Arrival& arrival) {
  choose(rule, flow, now, arrival.notes, [&](const StageContext& context) {
    return rule->fault->admit(context, arrival.admission);
  });
}

// Returns the number with which `first`, `after` and `every` are compared. It is the number of the
// arrival, or with `count` the number of the arrival's connection or client.
std::uint64_t number_of(const Rule& rule, const FlowFacts& flow) {
  auto& arrivals = rule.state->arrivals;
  if (rule.match.count == Count::kClient) return arrivals.of_client(flow.client_key());
  const auto next = [&] {
    const bool per_client = rule.match.count_per == CountPer::kClient;
    return arrivals.next(per_client ? flow.client_key() : Key{});
  };
  if (!rule.match.count || flow.activity == nullptr) return next();
  return flow.activity->numbers.of(rule.state, arrivals.resets(), next);
}

// Whether messages of this direction can be requests, if the fault acts on requests only.
bool may_be_refused(const Rule& rule, ProtocolSet protocols, Direction direction) {
  const bool asks = direction == Direction::kUpstream ||
                    !(protocols & ProtocolSet::where(&MessageProtocol::servers_ask)).empty();
  return asks || !rule.kind->refuses;
}

}  // namespace

bool count_arrival(const Rule& rule, const FlowFacts& flow) {
  const auto ordinals = rule.match.ordinals();
  if (ordinals.any()) {
    const auto number = number_of(rule, flow);
    if (number == 0 || !ordinals.contains(number)) return false;
  }
  rule.state->matched.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool counts_datagrams(const Rule& rule, const FlowFacts& flow) {
  return flow.carrier == Carrier::kDatagram && acts_on_bytes(rule) && rule.match.ordinals().any() &&
         !rule.match.count;
}

Arrival plan_arrival(const RuleSet& set, const FlowFacts& flow) {
  Arrival arrival;
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (rule->fault->admits_on_dial() || decided_by_syn(*rule, flow)) return;
    if (!counts_datagrams(*rule, flow) && !count_arrival(*rule, flow)) return;
    if (acts_on_arrival(*rule)) return admit(rule, flow, flow.opened, arrival);
    if (rule->probability.parts_per_billion > 0) arrival.rules.push_back(rule);
  });
  return arrival;
}

bool acts_on_dial(const Rule& rule) {
  const bool late = acts_on_arrival(rule) && rule.match.is_for_server();
  return rule.kind == &kFirewallKind || late || rule.fault->admits_on_dial();
}

Arrival plan_dial(const RuleSet& set, const FlowFacts& flow, Instant now) {
  Arrival arrival;
  const auto stop = [&](FirewallAction action) {
    auto& verdict = arrival.admission.verdict;
    if (!arrival.admission.serves() || action == FirewallAction::kAccept) return;
    verdict =
        action == FirewallAction::kDrop ? Admission::Verdict::kHang : Admission::Verdict::kRefuse;
  };
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (rule->kind == &kFirewallKind) {
      auto outcome = static_cast<const FirewallFault&>(*rule->fault).decide(flow, now);
      stop(outcome.action);
      if (!outcome.note) return;
      rule->state->injected.fetch_add(1, std::memory_order_relaxed);
      arrival.notes.emplace_back(rule, *outcome.note);
      for (const auto& mistake : outcome.mistakes) {
        arrival.notes.emplace_back(mistake, *outcome.note);
      }
      return;
    }
    // When the connection arrived, the server's address was unknown. A match on that address is
    // therefore decided now.
    const bool late = acts_on_arrival(*rule) && decided_late(*rule, flow);
    if ((late || rule->fault->admits_on_dial()) && count_arrival(*rule, flow))
      admit(rule, flow, now, arrival);
  });
  return arrival;
}

Handshake plan_handshake(const RuleSet& set, const FlowFacts& flow) {
  Handshake handshake;
  FlowFacts facts = flow;
  facts.carrier = Carrier::kTls;
  set.for_each_match(facts, [&](const RuleRef& rule) {
    if (!count_arrival(*rule, flow)) return;
    choose(rule, flow, flow.opened, handshake.notes, [&](const StageContext& context) {
      return rule->fault->on_hello(context, handshake.verdict);
    });
  });
  return handshake;
}

namespace {

// Keeps those of `rules` that still match, and adds those for which is_late(rule) is true.
template <class IsLate>
void select_again(const RuleSet& set, const FlowFacts& flow, std::vector<RuleRef>& rules,
                  IsLate is_late) {
  std::vector<RuleRef> merged;
  auto next = rules.begin();
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (!acts_on_bytes(*rule)) return;
    const auto kept = std::find(next, rules.end(), rule);
    if (kept != rules.end()) {
      merged.push_back(rule);
      next = kept + 1;
    } else if (is_late(*rule) && (counts_datagrams(*rule, flow) || count_arrival(*rule, flow)) &&
               rule->probability.parts_per_billion > 0) {
      merged.push_back(rule);
    }
  });
  rules = std::move(merged);
}

}  // namespace

void plan_server(const RuleSet& set, const FlowFacts& flow, std::vector<RuleRef>& rules) {
  select_again(set, flow, rules, [&](const Rule& rule) { return decided_late(rule, flow); });
}

void plan_name(const RuleSet& set, const FlowFacts& before, const FlowFacts& flow,
               std::vector<RuleRef>& rules) {
  select_again(set, flow, rules, [&](const Rule& rule) { return !rule.match.matches(before); });
}

std::vector<RuleRef> plan_reload(const RuleSet& set, const FlowFacts& flow,
                                 const std::vector<RuleRef>& before) {
  std::vector<RuleRef> rules;
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (!acts_on_bytes(*rule)) return;
    if (set.retained(*rule)) {
      if (std::find(before.begin(), before.end(), rule) != before.end()) rules.push_back(rule);
      return;
    }
    if (rule->match.ordinals().any() && !counts_datagrams(*rule, flow)) return;
    rule->state->matched.fetch_add(1, std::memory_order_relaxed);
    if (rule->probability.parts_per_billion > 0) rules.push_back(rule);
  });
  return rules;
}

bool acts_on_messages(const Rule& rule, ProtocolSet protocols) {
  const bool of_requests = rule.kind->level == Level::kBytes && rule.per == Per::kRequest;
  return rule.kind->carries(Carrier::kMessage) && rule.kind->supports(protocols) && !of_requests;
}

std::vector<RuleRef> plan_messages(const RuleSet& set, const FlowFacts& flow, Direction direction) {
  std::vector<RuleRef> rules;
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (!may_be_refused(*rule, flow.message_protocols, direction)) return;
    if (rule->match.covers(direction) && rule->probability.parts_per_billion > 0 &&
        acts_on_messages(*rule, flow.message_protocols)) {
      rules.push_back(rule);
    }
  });
  return rules;
}

std::size_t ahead_of_messages(const RuleSet& set, const std::vector<RuleRef>& bytes,
                              const std::vector<RuleRef>& messages) {
  if (bytes.empty() || messages.empty()) return 0;
  std::size_t ahead = 0;
  for (const auto& rule : set.rules()) {
    if (rule == messages.front()) break;
    if (ahead < bytes.size() && rule == bytes[ahead]) ++ahead;
  }
  return ahead;
}

std::vector<RuleRef> for_direction(const std::vector<RuleRef>& rules, Direction direction) {
  std::vector<RuleRef> some;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(some),
               [&](const RuleRef& rule) { return rule->acts_on(direction); });
  return some;
}

}  // namespace brownout::rules
