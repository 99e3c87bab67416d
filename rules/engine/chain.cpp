#include "rules/engine/chain.h"

#include <algorithm>

#include "rules/engine/chain_slot.h"

namespace brownout::rules {

Chain::Chain(const FlowFacts& flow, Direction direction, ChainOutput& sink)
    : flow_(&flow), direction_(direction), sink_(&sink) {}

Chain::~Chain() = default;

void Chain::set_rules(const std::vector<std::shared_ptr<const Rule>>& rules, Instant now) {
  advance(now);
  // If the chain is late (late()), the new rules begin at the time up to which the chain has run;
  // otherwise at `now`.
  const auto at = clock_;
  // Data of a removed stage passes through the stages after it. The last stage is removed first, so
  // that its data leaves before the data that earlier stages emit.
  const bool reordered = !same_order(rules);
  const auto stays = [&](const std::unique_ptr<Slot>& slot) {
    return !reordered && !slot->removed() &&
           std::find(rules.begin(), rules.end(), slot->rule()) != rules.end();
  };
  // Whether both arguments are the same rule with different settings, and the fault can keep its
  // state.
  const auto changed = [&](const Rule& old_rule, const Rule& new_rule) {
    return !reordered && old_rule.name == new_rule.name && old_rule.kind == new_rule.kind &&
           new_rule.fault->inherits_state();
  };
  const auto has_successor = [&](const Slot& slot) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const auto& rule) { return changed(*slot.rule(), *rule); });
  };
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
    if (!stays(*slot) && ((*slot)->removed() || !has_successor(**slot))) (*slot)->remove(at);
  }
  auto before = std::move(slots_);
  slots_.clear();
  std::vector<std::size_t> joined;
  replace_slots(rules, reordered, before, joined);
  renumber();
  for (const auto i : joined) {
    slots_[i]->plan(at);
    for (const auto& old : before) {
      if (old && changed(*old->rule(), *slots_[i]->rule())) slots_[i]->take_over(*old, at);
    }
  }
  advance(now);
}

// Fills slots_ from the slots `before` and from new ones, whose indices go to `joined`. A removed
// slot that still holds data stays in front of the slots that its data must pass.
void Chain::replace_slots(const std::vector<std::shared_ptr<const Rule>>& rules, bool reordered,
                          std::vector<std::unique_ptr<Slot>>& before,
                          std::vector<std::size_t>& joined) {
  auto from = before.begin();
  const auto keep_leaving = [&](auto end) {
    for (; from != end; ++from) {
      if (*from && (*from)->removed() && (*from)->leaving()) slots_.push_back(std::move(*from));
    }
  };
  for (const auto& rule : rules) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const auto& slot) {
      return slot && !slot->removed() && slot->rule() == rule;
    });
    if (old != before.end() && !reordered) {
      keep_leaving(old);
      slots_.push_back(std::move(*old));
    } else {
      joined.push_back(slots_.size());
      slots_.push_back(std::make_unique<Slot>(*this, rule));
    }
  }
  keep_leaving(before.end());
}

// Whether the rules of the chain keep their order. If two rules changed places, newer bytes could
// overtake older ones, so set_rules() then releases all held data.
bool Chain::same_order(const std::vector<std::shared_ptr<const Rule>>& rules) const {
  auto from = rules.begin();
  for (const auto& slot : slots_) {
    const bool gone = std::find(rules.begin(), rules.end(), slot->rule()) == rules.end();
    if (slot->removed() || gone) continue;
    from = std::find(from, rules.end(), slot->rule());
    if (from == rules.end()) return false;
  }
  return true;
}

void Chain::renumber() {
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i]->index = i;
}

void Chain::push(Chunk chunk, Instant now) {
  if (budget_ != nullptr) budget_->earn(chunk.size(), slots_.size());
  advance(now);
  if (!late_) return deliver(0, std::move(chunk), now);
  arrived_bytes_ += chunk.size();
  arrivals_.push_back({now, std::move(chunk)});
}

bool Chain::may_bypass(const Message& head) {
  const bool free = !dead_ && std::all_of(slots_.begin(), slots_.end(),
                                          [&](const auto& slot) { return slot->may_bypass(head); });
  if (!free) return false;
  for (const auto& slot : slots_) slot->count_bypassed();
  return true;
}

void Chain::finish(Instant now) {
  advance(now);
  deliver_finish(0, now);
}

void Chain::advance(Instant now) {
  late_ = false;
  while (!dead_) {
    const auto next = next_slot();
    const auto due = next ? slots_[*next]->deadline() : kNever;
    const bool arrival = !arrivals_.empty() && arrivals_.front().at < due;
    if (!arrival && due > now) break;
    if (spent()) {
      late_ = true;
      return;
    }
    if (arrival) {
      take_arrival();
    } else if (slots_[*next]->leaving()) {
      go_on(*next);
    } else {
      clock_ = due;
      slots_[*next]->wake(due);
    }
  }
  clock_ = now;
}

// Returns the index of the slot with the earliest deadline: of the first, if several are equal, but
// of the last that is leaving, since it holds the oldest data.
std::optional<std::size_t> Chain::next_slot() const {
  std::optional<std::size_t> next;
  Instant due = kNever;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto at = slots_[i]->deadline();
    if (at > due || (at == due && !slots_[i]->leaving())) continue;
    due = at;
    next = i;
  }
  return next;
}

void Chain::take_arrival() {
  auto [at, chunk] = std::move(arrivals_.front());
  arrivals_.pop_front();
  arrived_bytes_ -= chunk.size();
  clock_ = at;
  budget_->take(chunk.size());
  deliver(0, std::move(chunk), at);
}

void Chain::go_on(std::size_t leaving) {
  slots_[leaving]->go_on();
  if (slots_[leaving]->leaving() || !slots_[leaving]->removed()) return;
  slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(leaving));
  renumber();
}

Instant Chain::deadline() const {
  Instant due = kNever;
  if (dead_) return due;
  if (!arrivals_.empty()) due = arrivals_.front().at;
  for (const auto& slot : slots_) due = std::min(due, slot->deadline());
  return due;
}

std::size_t Chain::held() const {
  std::size_t total = arrived_bytes_;
  for (const auto& slot : slots_) total += slot->held();
  return total;
}

std::size_t Chain::held_datagrams() const {
  std::size_t total = arrivals_.size();
  for (const auto& slot : slots_) total += slot->held_datagrams();
  return total;
}

std::size_t Chain::allowance() const {
  std::size_t total = 0;
  for (const auto& slot : slots_) total += slot->allowance();
  return total;
}

bool Chain::blackholed() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return slot->blackholed(); });
}

void Chain::deliver(std::size_t slot, Chunk chunk, Instant now) {
  if (dead_ || !carries(chunk)) return;
  if (slot < slots_.size()) return slots_[slot]->push(std::move(chunk), now);
  sink_->emit(std::move(chunk));
}

void Chain::deliver_finish(std::size_t slot, Instant now) {
  if (dead_) return;
  if (slot < slots_.size()) return slots_[slot]->source_finished(now);
  dead_ = close_.has_value();
  close_ ? sink_->close(*close_) : sink_->finish();
}

void Chain::answer(std::string_view bytes) {
  if (dead_) return;
  dead_ = true;
  sink_->answer(bytes);
}

void Chain::close_after(std::size_t slot, Close how, Instant now) {
  if (how == Close::kReset || (how == Close::kResetAfterData && !sink_->resets_after_data())) {
    dead_ = true;
    sink_->close(Close::kReset);
    return;
  }
  close_ = how;
  deliver_finish(slot + 1, now);
}

}  // namespace brownout::rules
