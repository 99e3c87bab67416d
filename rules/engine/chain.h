// Chain passes the data of one direction of one flow (a connection or UDP session) through the
// stages of its rules, in the order of the rule file. A stage (stage.h) is one fault at work on
// this data.
//
// The chain owns a slot for each rule that may act on its direction. A slot creates its stage when
// the rule becomes active, which depends on its schedule and on random draws. When the rule becomes
// inactive, the stage emits the data it holds and is destroyed. So rules begin and end on open
// connections.
//
// The caller reads the clock and passes the time. Before a chunk is processed, all due deadlines
// run in time order, each with its own instant as the time. So new data never overtakes data that
// was due earlier. At equal deadlines, the earlier stage runs first. Used by one thread only: the
// event loop of the flow.
#pragma once

#include <memory>
#include <vector>

#include "rules/engine/activation.h"
#include "rules/engine/stage.h"

namespace brownout::rules {

// Receives the output of the last stage of a chain.
class ChainOutput {
 public:
  virtual ~ChainOutput() = default;
  virtual void emit(Chunk chunk) = 0;
  virtual void finish() = 0;
  virtual void close(Close how) = 0;
  // Sends a message back to the sender of this direction's data, as if the other end had sent it.
  virtual void reply(Chunk /*message*/) {}
  // Sends bytes back to the sender of this direction's data, then closes both ends with FIN.
  virtual void answer(std::string_view bytes) = 0;
  virtual void injected(const Rule& rule, Direction direction, const Note& note) = 0;
};

class Chain {
 public:
  // `flow` and `sink` are borrowed and must outlive the chain.
  Chain(const FlowFacts& flow, Direction direction, ChainOutput& sink);
  ~Chain();

  // Sets the rules that may act on this direction, in the order of the rule file. Unchanged rules
  // keep the data that they hold; removed rules emit it.
  void set_rules(const std::vector<std::shared_ptr<const Rule>>& rules, Instant now);

  // Passes a chunk that has arrived through the stages.
  void push(Chunk chunk, Instant now);
  // Whether the message with this head may bypass all stages before its payload has arrived,
  // because no active rule can match it. If so, the message is counted as passed. Call advance()
  // first.
  bool may_bypass(const Message& head);
  // Passes the end of the stream (half-close by the sender) through the stages.
  void finish(Instant now);
  // Runs all deadlines at or before `now`, in time order.
  void advance(Instant now);

  // Returns the time at which advance() must be called; kNever if no stage waits for a time.
  Instant deadline() const;
  // Return the sums over all stages: bytes held, and bytes that the stages must be able to hold.
  std::size_t held() const;
  std::size_t allowance() const;
  // Whether a stage cuts the link, so that not even a RST of one end reaches the other.
  bool blackholed() const;
  // Whether no rule is active now, so that bytes may go to the sink directly.
  bool transparent() const { return active_ == 0; }
  bool empty() const { return slots_.empty(); }

 private:
  class Slot;
  friend class Slot;

  // Whether the chunk must be passed on. Datagrams and messages may be empty; an empty chunk of a
  // stream has no meaning and is ignored.
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
  // whether a rule closed the flow with FIN
  bool fin_is_close_ = false;
  bool dead_ = false;
};

}  // namespace brownout::rules
