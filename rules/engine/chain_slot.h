// Chain::Slot runs one rule of a chain (chain.h). While the rule is active, the slot owns a stage,
// which is the fault at work on the data. Only chain.cpp includes this file. For thread and
// ownership see chain.h.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "rules/engine/chain.h"
#include "rules/engine/plan.h"

namespace brownout::rules {

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

  // A slot that is leaving is due before all others.
  Instant deadline() const {
    if (closed_) return kNever;
    if (leaving()) return Instant::min();
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
    if (!leaving()) plan(now);
  }

  // Emits the data that the fault still holds, and ends the fault. If the budget of the chain ends
  // before that, the slot is leaving(), and go_on() must be called.
  void leave(Instant now) {
    leaves_.reset();
    if (!stage_) return;
    auto stage = std::move(stage_);
    set_active(-1);
    if (closed_) return;
    stage->release(now, *this);
    if (closed_ || !full() || stage->deadline() == kNever) return;
    stage_ = std::move(stage);
    set_active(1);
    leaves_ = now;
  }
  bool leaving() const { return leaves_.has_value(); }
  void go_on() {
    const auto now = *leaves_;
    leave(now);
    if (!leaving() && !removed_) plan(now);
  }

  // Ends the fault, because the rule is no longer among the rules of the chain.
  void remove(Instant now) {
    removed_ = true;
    if (!leaving()) leave(now);
  }
  bool removed() const { return removed_; }

  // Moves the state of the fault at work from `before` to this slot. `before` ran the same rule
  // with its previous settings.
  void take_over(Slot& before, Instant now) {
    before.index = index;
    closed_ = before.closed_;
    if (!before.stage_ || !stage_) return before.leave(now);
    stage_->take_over(*before.stage_, now);
    before.stage_.reset();
    before.set_active(-1);
  }

  std::size_t held() const { return stage_ && !closed_ ? stage_->held() : 0; }
  std::size_t held_datagrams() const { return stage_ && !closed_ ? stage_->held_datagrams() : 0; }
  std::size_t allowance() const { return stage_ ? stage_->allowance() : 0; }
  bool blackholed() const { return stage_ && !closed_ && stage_->blackholed(); }

  void emit(Chunk chunk, Instant now) override {
    if (closed_ || !chain_.carries(chunk)) return;
    if (chain_.budget_ != nullptr) chain_.budget_->take(chunk.size());
    chain_.deliver(index + 1, std::move(chunk), now);
  }
  bool full() const override { return chain_.spent(); }
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
  void reject(const Chunk& datagram) override { chain_.sink_->reject(datagram); }
  void unchanged(std::string_view why) override {
    if (std::exchange(unchanged_, true)) return;
    chain_.sink_->unchanged("rule " + in_quotes(rule_->name) + ": " + std::string(why));
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
    stage_ = rule.fault->stage(
        {.dice = dice.split(to_text(chain_.direction_)),
         .intensity = Intensity(rule.schedule, rule.began),
         .flow = chain_.flow_,
         .direction = chain_.direction_,
         .now = now,
         .shared = rule.state->shared.get(),
         .selective = activation_.selects_chunks() || rule.match.is_for_messages(),
         .rule_dice = Dice(rule.seed, rule.stage_key, 0)});
    if (!stage_) {
      window_ = {};
      return;
    }
    set_active(1);
    if (!activation_.per_chunk()) count_sample();
  }

  // Whether only the upstream chain of the flow counts the flow: the rule acts on both directions.
  bool counted_upstream() const {
    return rule_->match.direction == DirectionChoice::kBoth &&
           chain_.direction_ == Direction::kDownstream;
  }
  void set_active(int change) {
    chain_.active_ += static_cast<std::size_t>(change);
    count_active(change);
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
  bool unchanged_ = false;  // whether unchanged() was called
  bool closed_ = false;
  // when the fault ended, while it still holds data
  std::optional<Instant> leaves_;
  bool removed_ = false;
};

}  // namespace brownout::rules
