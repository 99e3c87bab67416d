// Chain: the stages of one direction of one flow, in the order of the rule file.
//
// A chain owns a slot for every rule that may act on its direction. A slot opens (its stage is
// made) and closes (its stage gives back what it holds) as the rule's schedule and dice say, so
// that rules switch themselves on and off on live connections.
//
// The driver reads the clock; the chain never does. Before it takes what arrives, every deadline
// that is due runs in time order, each at its own instant, so arrivals never overtake older
// deadlines. Ties: the earlier stage first.
#pragma once

#include <memory>
#include <vector>

#include "rules/engine/activation.h"
#include "rules/engine/stage.h"

namespace brownout::rules {

// Where a chain ends: the sink of the flow.
class ChainOutput {
 public:
  virtual ~ChainOutput() = default;
  virtual void emit(Chunk chunk) = 0;
  virtual void finish() = 0;
  virtual void close(Close how) = 0;
  // A message to the source of this direction, as if the other end had sent it.
  virtual void reply(Chunk /*message*/) {}
  // To the source of this direction, then FIN to both.
  virtual void answer(std::string_view bytes) = 0;
  virtual void injected(const Rule& rule, Direction direction, const Note& note) = 0;
};

class Chain {
 public:
  // `flow` and `sink` are borrowed and outlive the chain.
  Chain(const FlowFacts& flow, Direction direction, ChainOutput& sink);
  ~Chain();

  // The rules that may act here, in order. Slots of rules that stay are kept as they are; those of
  // rules that went away give back what they hold; new ones join. Also how a chain gets its first
  // rules.
  void set_rules(const std::vector<std::shared_ptr<const Rule>>& rules, Instant now);

  void push(Chunk chunk, Instant now);
  // Whether a message may pass beside all stages, of which only the head is known yet: no rule that
  // acts now means it, whatever is behind. It then counts as one that passed. After advance().
  bool lets_by(const Message& head);
  void finish(Instant now);
  // Runs all deadlines at or before `now`.
  void advance(Instant now);

  Instant deadline() const;
  std::size_t held() const;
  std::size_t allowance() const;
  bool severed() const;
  // No stage is in any slot: bytes may go straight to the sink.
  bool transparent() const { return active_ == 0; }
  bool empty() const { return slots_.empty(); }

 private:
  class Slot;
  friend class Slot;

  // Empty datagrams and messages exist; an empty piece of a stream is nothing.
  bool carries(const Chunk& chunk) const {
    return !chunk.empty() || flow_->carrier == Carrier::kDatagram ||
           flow_->carrier == Carrier::kMessage;
  }
  void deliver(std::size_t slot, Chunk chunk, Instant now);
  void deliver_finish(std::size_t slot, Instant now);
  void answer(std::string_view bytes);
  void close_behind(std::size_t slot, Close how, Instant now);
  bool same_order(const std::vector<std::shared_ptr<const Rule>>& rules) const;
  void renumber();

  const FlowFacts* flow_;
  Direction direction_;
  ChainOutput* sink_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::size_t active_ = 0;
  bool fin_is_close_ = false;  // a stage closed with FIN: the end that arrives is that of the flow
  bool dead_ = false;
};

}  // namespace brownout::rules
