// Chain passes the data of one direction of one flow through the stages of its rules, in the order
// of the rule file.
//
// The chain owns a slot for each rule that may act on its direction. A slot creates its stage when
// the rule becomes active, by schedule and dice. When the rule becomes inactive, the stage releases
// its data and is destroyed. So rules switch on and off on live connections.
//
// The caller reads the clock and passes the time. Before a chunk is processed, all due deadlines
// run in time order, each at its own instant, so that data never overtakes older deadlines. At
// equal deadlines, the earlier stage runs first. One thread: the event loop of the flow.
#pragma once

#include <memory>
#include <vector>

#include "rules/engine/activation.h"
#include "rules/engine/stage.h"

namespace brownout::rules {

// The output of the last stage: the sink of the flow.
class ChainOutput {
 public:
  virtual ~ChainOutput() = default;
  virtual void emit(Chunk chunk) = 0;
  virtual void finish() = 0;
  virtual void close(Close how) = 0;
  // Sends a message to the source of this direction, in the name of the other end.
  virtual void reply(Chunk /*message*/) {}
  // Sends bytes to the source of this direction, then FIN to both ends.
  virtual void answer(std::string_view bytes) = 0;
  virtual void injected(const Rule& rule, Direction direction, const Note& note) = 0;
};

class Chain {
 public:
  // `flow` and `sink` are borrowed and outlive the chain.
  Chain(const FlowFacts& flow, Direction direction, ChainOutput& sink);
  ~Chain();

  // Sets the rules that may act on this direction, in file order. Slots of unchanged rules keep
  // their stages, slots of removed rules release their data, and new rules get slots.
  void set_rules(const std::vector<std::shared_ptr<const Rule>>& rules, Instant now);

  void push(Chunk chunk, Instant now);
  // Whether a message may bypass all stages although only its head has arrived: no active rule can
  // match it. If so, the message is counted as passed. Call advance() first.
  bool lets_by(const Message& head);
  void finish(Instant now);
  // Runs all deadlines at or before `now`.
  void advance(Instant now);

  Instant deadline() const;
  std::size_t held() const;
  std::size_t allowance() const;
  bool blackholed() const;
  // Whether no slot has a stage, so that bytes may go directly to the sink.
  bool transparent() const { return active_ == 0; }
  bool empty() const { return slots_.empty(); }

 private:
  class Slot;
  friend class Slot;

  // Datagrams and messages may be empty; an empty chunk of a stream is ignored.
  bool carries(const Chunk& chunk) const {
    return !chunk.empty() || flow_->carrier == Carrier::kDatagram ||
           flow_->carrier == Carrier::kMessage;
  }
  void deliver(std::size_t slot, Chunk chunk, Instant now);
  void deliver_finish(std::size_t slot, Instant now);
  void answer(std::string_view bytes);
  void close_after(std::size_t slot, Close how, Instant now);
  bool same_order(const std::vector<std::shared_ptr<const Rule>>& rules) const;
  void renumber();

  const FlowFacts* flow_;
  Direction direction_;
  ChainOutput* sink_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::size_t active_ = 0;
  bool fin_is_close_ = false;  // a stage closed with FIN: finish() closes the whole flow
  bool dead_ = false;
};

}  // namespace brownout::rules
