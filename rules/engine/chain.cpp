#include "rules/engine/chain.h"

#include <algorithm>

#include "rules/engine/plan.h"

namespace brownout::rules {

// Slot runs one rule of the chain. While the rule is active, the slot owns a stage, which is the
// fault at work on the data.
class Chain::Slot final : public Output {
 public:
  Slot(Chain& chain, std::shared_ptr<const Rule> rule)
      : chain_(chain), rule_(std::move(rule)), activation_(*rule_, *chain.flow_) {}
  ~Slot() override {
    if (stage_) count_active(-1);
  }

  const std::shared_ptr<const Rule>& rule() const { return rule_; }
  std::size_t index = 0;

  void plan(Instant now) {
    window_ = activation_.next(now);
    if (window_.contains(now)) open(now);
  }

  void push(Chunk chunk, Instant now) {
    if (closed_) return;
    if (!stage_) return emit(std::move(chunk), now);
    const auto ordinal = chunks_++;
    const auto* message = chunk.message();
    const auto& flow = *chain_.flow_;
    const bool counts = message != nullptr || counts_datagrams(*rule_, flow);
    const bool matched = message == nullptr || rule_->match.matches(*message, chunk.bytes(), &flow);
    const bool meant = matched && (!counts || count_arrival(*rule_, flow));
    if (!meant || !activation_.hits_chunk(chain_.direction_, ordinal, now)) {
      return stage_->pass(std::move(chunk), now, *this);
    }
    if (activation_.per_chunk()) count_sample();
    const auto kept = chunk.shared_message();
    pushed_ = {kept.get(), ordinal};
    stage_->push(std::move(chunk), now, *this);
    pushed_ = {};
  }

  bool may_bypass(const Message& head) const {
    if (!stage_) return true;
    const auto& match = rule_->match;
    return !closed_ && stage_->may_bypass() && !match.needs_payload() &&
           !match.matches(head, {}, chain_.flow_);
  }
  void count_bypassed() { chunks_ += stage_ ? 1 : 0; }

  void source_finished(Instant now) {
    if (closed_) return;
    if (!stage_) return finish(now);
    stage_->finish(now, *this);
  }

  Instant deadline() const {
    if (closed_) return kNever;
    if (!stage_) return window_.open;
    return std::min(window_.close, stage_->deadline());
  }

  // Must be called when the time deadline() has come, with that time as `now`.
  void wake(Instant now) {
    if (!stage_) {
      // An empty window means that Activation::next() has not found one yet; search again from
      // `now`.
      if (window_.open < window_.close) return open(now);
      return plan(now);
    }
    if (stage_->deadline() <= now) return stage_->wake(now, *this);
    leave(now);
    plan(now);
  }

  // Emits the data that the fault still holds, and ends the fault.
  void leave(Instant now) {
    if (!stage_) return;
    const auto stage = std::move(stage_);
    --chain_.active_;
    count_active(-1);
    if (!closed_) stage->release(now, *this);
  }

  // Moves the state of the fault at work from `before` to this slot. `before` ran the same rule
  // with its previous settings.
  void take_over(Slot& before, Instant now) {
    before.index = index;
    closed_ = before.closed_;
    if (!before.stage_ || !stage_) return before.leave(now);
    stage_->take_over(*before.stage_, now);
    before.stage_.reset();
    before.count_active(-1);
    --chain_.active_;
  }

  std::size_t held() const { return stage_ && !closed_ ? stage_->held() : 0; }
  std::size_t allowance() const { return stage_ ? stage_->allowance() : 0; }
  bool blackholed() const { return stage_ && !closed_ && stage_->blackholed(); }

  void emit(Chunk chunk, Instant now) override {
    if (!closed_ && chain_.carries(chunk)) chain_.deliver(index + 1, std::move(chunk), now);
  }
  void finish(Instant now) override {
    if (!closed_) chain_.deliver_finish(index + 1, now);
  }
  void close(Close how, Instant now) override {
    if (closed_) return;
    closed_ = true;
    chain_.close_after(index, how, now);
  }
  void answer(std::string_view bytes, Instant /*now*/) override {
    if (closed_) return;
    closed_ = true;
    chain_.answer(bytes);
  }
  void reply(Chunk chunk, Instant /*now*/) override {
    if (!closed_) chain_.sink_->reply(std::move(chunk));
  }
  void note(const Note& note, Instant /*now*/) override {
    rule_->state->count(note);
    auto whole = note;
    whole.message = pushed_.message;
    whole.draw = !activation_.per_chunk() ? activation_.draw()
                 : pushed_.chunk          ? activation_.draw(chain_.direction_, *pushed_.chunk)
                                          : std::nullopt;
    chain_.sink_->injected(*rule_, chain_.direction_, whole);
  }

 private:
  void open(Instant now) {
    const auto& rule = *rule_;
    const Dice dice(rule.seed, rule.stage_key, chain_.flow_->message_key());
    stage_ = rule.fault->stage({.dice = dice.split(to_text(chain_.direction_)),
                                .intensity = Intensity(rule.schedule, rule.began),
                                .flow = chain_.flow_,
                                .direction = chain_.direction_,
                                .now = now,
                                .shared = rule.state->shared.get(),
                                .per_chunk = activation_.per_chunk(),
                                .rule_dice = Dice(rule.seed, rule.stage_key, 0)});
    if (!stage_) {
      window_ = {};
      return;
    }
    ++chain_.active_;
    count_active(1);
    if (!activation_.per_chunk()) count_sample();
  }

  // Whether only the upstream chain of the flow counts the flow: the rule acts on both directions.
  bool counted_upstream() const {
    return rule_->match.direction == DirectionChoice::kBoth &&
           chain_.direction_ == Direction::kDownstream;
  }
  void count_active(std::int64_t change) const {
    if (!counted_upstream())
      rule_->state->active_flows.fetch_add(change, std::memory_order_relaxed);
  }

  // Counts a flow or chunk that the random draw selected.
  void count_sample() {
    if (!activation_.per_chunk() && counted_upstream()) return;
    rule_->state->sampled.fetch_add(1, std::memory_order_relaxed);
  }

  Chain& chain_;
  std::shared_ptr<const Rule> rule_;
  Activation activation_;
  Window window_;
  std::unique_ptr<Stage> stage_;
  std::uint64_t chunks_ = 0;
  // The chunk that push() is passing to the stage. Entries for the event log (Note) that the stage
  // adds meanwhile refer to this chunk.
  struct Pushed {
    const Message* message = nullptr;
    std::optional<std::uint64_t> chunk = {};
  };
  Pushed pushed_;
  bool closed_ = false;
};

Chain::Chain(const FlowFacts& flow, Direction direction, ChainOutput& sink)
    : flow_(&flow), direction_(direction), sink_(&sink) {}

Chain::~Chain() = default;

void Chain::set_rules(const std::vector<std::shared_ptr<const Rule>>& rules, Instant now) {
  advance(now);
  // Data of a removed stage passes through the stages after it. The last stage is removed first, so
  // that its data leaves before the data that earlier stages emit.
  const bool reordered = !same_order(rules);
  const auto stays = [&](const std::unique_ptr<Slot>& slot) {
    return !reordered && std::find(rules.begin(), rules.end(), slot->rule()) != rules.end();
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
    if (!stays(*slot) && !has_successor(**slot)) (*slot)->leave(now);
  }
  auto before = std::move(slots_);
  slots_.clear();
  std::vector<std::size_t> joined;
  for (const auto& rule : rules) {
    const auto old = std::find_if(before.begin(), before.end(),
                                  [&](const auto& slot) { return slot && slot->rule() == rule; });
    if (old != before.end() && !reordered) {
      slots_.push_back(std::move(*old));
    } else {
      joined.push_back(slots_.size());
      slots_.push_back(std::make_unique<Slot>(*this, rule));
    }
  }
  renumber();
  for (const auto i : joined) {
    slots_[i]->plan(now);
    for (const auto& old : before) {
      if (old && changed(*old->rule(), *slots_[i]->rule())) slots_[i]->take_over(*old, now);
    }
  }
  advance(now);
}

// Whether the rules of the chain keep their order. If two rules changed places, newer bytes could
// overtake older ones, so set_rules() then releases all held data.
bool Chain::same_order(const std::vector<std::shared_ptr<const Rule>>& rules) const {
  auto from = rules.begin();
  for (const auto& slot : slots_) {
    if (std::find(rules.begin(), rules.end(), slot->rule()) == rules.end()) continue;
    from = std::find(from, rules.end(), slot->rule());
    if (from == rules.end()) return false;
  }
  return true;
}

void Chain::renumber() {
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i]->index = i;
}

void Chain::push(Chunk chunk, Instant now) {
  advance(now);
  deliver(0, std::move(chunk), now);
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
  while (!dead_) {
    Slot* next = nullptr;
    Instant due = kNever;
    for (const auto& slot : slots_) {
      const auto at = slot->deadline();
      if (at < due) {
        due = at;
        next = slot.get();
      }
    }
    if (next == nullptr || due > now) return;
    next->wake(due);
  }
}

Instant Chain::deadline() const {
  Instant due = kNever;
  if (dead_) return due;
  for (const auto& slot : slots_) due = std::min(due, slot->deadline());
  return due;
}

std::size_t Chain::held() const {
  std::size_t total = 0;
  for (const auto& slot : slots_) total += slot->held();
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
  dead_ = fin_is_close_;
  fin_is_close_ ? sink_->close(Close::kFin) : sink_->finish();
}

void Chain::answer(std::string_view bytes) {
  if (dead_) return;
  dead_ = true;
  sink_->answer(bytes);
}

void Chain::close_after(std::size_t slot, Close how, Instant now) {
  if (how == Close::kReset) {
    dead_ = true;
    sink_->close(how);
    return;
  }
  fin_is_close_ = true;
  deliver_finish(slot + 1, now);
}

}  // namespace brownout::rules
