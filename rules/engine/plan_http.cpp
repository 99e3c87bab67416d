#include "rules/engine/plan_http.h"

#include <algorithm>

#include "rules/engine/activation.h"
#include "rules/engine/plan.h"

namespace brownout::rules {
namespace {

HttpContext context_of(const Rule& rule, const FlowFacts& request, Instant now) {
  return {.dice = Dice(rule.seed, rule.stage_key, request.message_key()),
          .intensity = Intensity(rule.schedule, rule.began),
          .probability = rule.probability,
          .request = &request,
          .now = now,
          .shared = rule.state->shared.get(),
          .rule_dice = Dice(rule.seed, rule.stage_key, 0),
          .half = rule.acts_on_half(Carrier::kHttp, Direction::kUpstream) ? Direction::kUpstream
                                                                          : Direction::kDownstream};
}

// Whether the rule acts on a request although its draw or its ordinals exclude the request.
bool insists(const Rule& rule, const FlowFacts& request, Instant now) {
  const auto* fault = rule.fault->http();
  return rule.fault->punishes() && fault != nullptr &&
         rule.schedule.window(rule.began, now).contains(now) &&
         fault->insists(context_of(rule, request, now));
}

bool arrives(const Rule& rule, const FlowFacts& request, Instant now) {
  return count_arrival(rule, request) || insists(rule, request, now);
}

}  // namespace

bool acts_on_requests(const Rule& rule, ProtocolSet protocols) {
  if (rule.match.is_for_messages()) return false;
  const bool messages_too = !protocols.empty() && rule.kind->carries(Carrier::kMessage) &&
                            rule.kind->supports(protocols) &&
                            rule.fault->acts_on(Carrier::kMessage);
  if (messages_too && rule.per == Per::kMessage) return false;
  if (messages_too && rule.kind->level == Level::kBytes && rule.per != Per::kRequest) return false;
  return rule.kind->carries(Carrier::kHttp) &&
         (rule.fault->http() != nullptr || rule.kind->on_body);
}

// Adds the rule to the plan. Returns false if its random draw, its schedule or max_active_faults
// excludes the request.
bool HttpPlan::join(const RuleRef& rule, const FlowFacts& request, Instant now) {
  const Activation activation(*rule, request);
  if (!activation.next(now).contains(now) && !insists(*rule, request, now)) return false;
  auto& state = *rule->state;
  const auto active = state.active.fetch_add(1, std::memory_order_relaxed);
  if (rule->max_active_faults && active >= *rule->max_active_faults) {
    state.active.fetch_sub(1, std::memory_order_relaxed);
    state.overflow.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  state.sampled.fetch_add(1, std::memory_order_relaxed);
  rules_.push_back(rule);
  return true;
}

void HttpPlan::clear() {
  for (const auto& rule : rules_) rule->state->active.fetch_sub(1, std::memory_order_relaxed);
  rules_.clear();
  holds_.clear();
  made_by_ = 0;
}

// Applies the rule of this number, from 0, to the message.
void HttpPlan::run(const FlowFacts& request, HttpMessage& message, Instant now, std::size_t number,
                   Notes& notes) {
  const auto& rule = rules_[number];
  const auto* fault = rule->fault->http();
  if (fault == nullptr || !rule->acts_on_half(Carrier::kHttp, message.direction)) return;
  const bool before = message.decided();
  const bool had_reset = message.http2.reset.has_value();
  auto note = fault->act(context_of(*rule, request, now), message);
  if (message.is_request() && !before && message.decided()) made_by_ = number + 1;
  if (message.hold) {
    const auto latest = Activation(*rule, request).next(now).close;
    holds_.add(rule, std::exchange(message.hold, nullptr), latest);
  }
  if (const auto wanted = std::exchange(message.wants_body, std::nullopt)) {
    message.body_readers.push_back(rule);
    message.collects = std::max(message.collects, *wanted);
  }
  if (!note) return;
  // The body may end before the point of the reset.
  const auto& reset = message.http2.reset;
  if (!had_reset && reset && reset->at != StreamReset::At::kHeaders) {
    message.resets = rule;
    return;
  }
  if (!before && message.fate == HttpMessage::Fate::kAnswer) note->status = message.answer.status;
  add_note(rule, request, *note, notes);
}

void HttpPlan::add_note(const RuleRef& rule, const FlowFacts& request, Note note, Notes& notes) {
  rule->state->count(note);
  note.draw = Activation(*rule, request).draw();
  notes.emplace_back(rule, note);
}

void HttpPlan::on_reset(const FlowFacts& request, HttpMessage& message, Notes& notes) {
  if (!message.resets) return;
  add_note(std::exchange(message.resets, nullptr), request, {.action = "reset stream"}, notes);
}

void HttpPlan::on_body(const RuleSet& set, const FlowFacts& request, HttpMessage& message,
                       Instant now, Notes& notes, std::vector<std::string>& refusals) {
  for (const auto& rule : std::exchange(message.body_readers, {})) {
    if (!set.has(rule)) continue;
    const bool before = message.decided();
    const auto note = rule->fault->http()->on_body(context_of(*rule, request, now), message);
    if (!before && message.fate == HttpMessage::Fate::kAnswer) {
      made_by_ = static_cast<std::size_t>(std::find(rules_.begin(), rules_.end(), rule) -
                                          rules_.begin() + 1);
      if (message.answer.open_until)
        message.answer.open_until = Activation(*rule, request).next(now).close;
    }
    if (!note) {
      refusals.push_back("rule " + in_quotes(rule->name) + ": " + note.error().what);
    } else if (*note) {
      add_note(rule, request, **note, notes);
    }
    if (const auto missing = std::exchange(message.not_found, {}); !missing.empty()) {
      refusals.push_back("rule " + in_quotes(rule->name) + ", in part: " + missing);
    }
  }
}

void HttpPlan::on_request(const RuleSet& set, const FlowFacts& request, HttpMessage& message,
                          Instant now, Notes& notes) {
  set.for_each_match(request, [&](const RuleRef& rule) {
    if (!acts_on_requests(*rule, request.message_protocols) || !arrives(*rule, request, now))
      return;
    if (!join(rule, request, now) && rule->fault->http() != nullptr)
      rule->fault->http()->on_skipped(message);
  });
  for (std::size_t i = 0; i < rules_.size(); ++i) run(request, message, now, i, notes);
  notify_observers(set, request, message, now);
}

template <class IsLate>
std::vector<bool> HttpPlan::select_again(const RuleSet& set, const FlowFacts& request,
                                         HttpMessage& message, Instant now, IsLate is_late) {
  auto before = std::move(rules_);
  rules_.clear();
  std::vector<bool> added;
  set.for_each_match(request, [&](const RuleRef& rule) {
    if (!acts_on_requests(*rule, request.message_protocols)) return;
    const auto own = std::find(before.begin(), before.end(), rule);
    if (own != before.end()) {
      rules_.push_back(std::move(*own));
    } else if (!is_late(rule->match) || !arrives(*rule, request, now)) {
      return;
    } else if (!join(rule, request, now)) {
      if (message.is_request() && rule->fault->http() != nullptr)
        rule->fault->http()->on_skipped(message);
      return;
    }
    added.push_back(own == before.end());
  });
  // The rules left in `before` were removed from the rule set, or do not match any more.
  for (const auto& rule : before) {
    if (rule) rule->state->active.fetch_sub(1, std::memory_order_relaxed);
  }
  return added;
}

void HttpPlan::on_server(const RuleSet& set, const FlowFacts& request, HttpMessage& message,
                         Instant now, Notes& notes) {
  holds_.clear();
  const auto added = select_again(set, request, message, now,
                                  [](const Match& match) { return match.is_for_server(); });
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (added[i]) run(request, message, now, i, notes);
  }
}

// Calls on_seen() of those rules with observes_all that did not act on the message.
void HttpPlan::notify_observers(const RuleSet& set, const FlowFacts& request,
                                const HttpMessage& message, Instant now) {
  if (message.decided()) return;
  set.for_each_observer(request, [&](const RuleRef& rule) {
    const bool joined = std::find(rules_.begin(), rules_.end(), rule) != rules_.end();
    if (joined && rule->acts_on_half(Carrier::kHttp, message.direction)) return;
    rule->fault->http()->on_seen(context_of(*rule, request, now), message);
  });
}

void HttpPlan::on_response(const RuleSet& set, const FlowFacts& request, HttpMessage& message,
                           Instant now, Notes& notes) {
  holds_.clear();
  const auto made_by = made_by_ > 0 ? rules_[made_by_ - 1] : nullptr;
  select_again(set, request, message, now, [](const Match& match) { return match.of_response(); });
  const auto maker = std::find(rules_.begin(), rules_.end(), made_by);
  const auto from = maker == rules_.end() ? 0 : maker - rules_.begin() + 1;
  for (auto i = static_cast<std::size_t>(from); i < rules_.size(); ++i) {
    run(request, message, now, i, notes);
  }
  notify_observers(set, request, message, now);
}

std::vector<RuleRef> HttpPlan::body_rules(Direction direction) const {
  std::vector<RuleRef> some;
  std::copy_if(rules_.begin(), rules_.end(), std::back_inserter(some), [&](const RuleRef& rule) {
    if (!rule->kind->on_body || !rule->match.covers(direction)) return false;
    return !rule->match.of_response() || direction == Direction::kDownstream;
  });
  return some;
}

std::vector<RuleRef> HttpPlan::body_rules(Direction direction, const RuleSet& set) const {
  auto rules = body_rules(direction);
  std::erase_if(rules, [&](const RuleRef& rule) { return !set.has(rule); });
  return rules;
}

bool HttpPlan::holds_in(const RuleSet& set) const {
  return std::all_of(rules_.begin(), rules_.end(),
                     [&](const RuleRef& rule) { return set.has(rule); });
}

}  // namespace brownout::rules
