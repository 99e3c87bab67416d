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
//
// A chain of datagrams may have a budget (emit_budget.h). When it is spent, the chain is late: it
// runs the rest of what is due, and takes new datagrams, in later iterations of the event loop, in
// the same order and with the same instants.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "rules/engine/activation.h"
#include "rules/engine/emit_budget.h"
#include "rules/engine/stage.h"

namespace brownout::rules {

// Receives the output of the last stage of a chain.
class ChainOutput {
 public:
  virtual ~ChainOutput() = default;
  virtual void emit(Chunk chunk) = 0;
  virtual void finish() = 0;
  virtual void close(Close how) = 0;
  // Whether close() can deliver data before a RST. If not, kResetAfterData becomes kReset.
  virtual bool resets_after_data() const { return false; }
  // Sends a message back to the sender of this direction's data, as if the other end had sent it.
  virtual void reply(Chunk /*message*/) {}
  // Sends bytes back to the sender of this direction's data, then closes both ends with FIN.
  virtual void answer(std::string_view bytes) = 0;
  virtual void injected(const Rule& rule, Direction direction, const Note& note) = 0;
  // Reports why a rule has left a message as it was.
  virtual void unchanged(const std::string& /*why*/) {}
  // Tells the sender of a datagram that it is rejected (ICMP), where that is possible.
  virtual void reject(const Chunk& /*datagram*/) {}
};

class Chain {
 public:
  // `flow` and `sink` are borrowed and must outlive the chain.
  Chain(const FlowFacts& flow, Direction direction, ChainOutput& sink);
  ~Chain();
  // Limits what the chain emits in one iteration of the event loop. For datagrams only. `budget` is
  // borrowed, and may be shared by several chains.
  void limit(EmitBudget& budget) { budget_ = &budget; }

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
  // Runs all deadlines at or before `now`, in time order, unless the budget ends before that.
  void advance(Instant now);
  // Whether the last call ended because the budget was spent. advance() must then be called in the
  // next iteration of the event loop.
  bool late() const { return late_; }

  // Returns the time at which advance() must be called; kNever if no stage waits for a time. A late
  // chain returns a time in the past.
  Instant deadline() const;
  // Return the sums over all stages: bytes held, datagrams held, and bytes that the stages must be
  // able to hold.
  std::size_t held() const;
  std::size_t held_datagrams() const;
  std::size_t allowance() const;
  // Whether a stage cuts the link, so that not even a RST of one end reaches the other.
  bool blackholed() const;
  // Whether no rule is active now, so that bytes may go to the sink directly.
  bool transparent() const { return active_ == 0; }
  bool empty() const { return slots_.empty() && arrivals_.empty(); }

 private:
  class Slot;
  friend class Slot;

  // Whether the chunk must be passed on. Datagrams and messages may be empty; an empty chunk of a
  // stream has no meaning and is ignored.
  bool carries(const Chunk& chunk) const {
    return !chunk.empty() || flow_->carrier == Carrier::kDatagram ||
           flow_->carrier == Carrier::kMessage;
  }
  struct Arrival {
    Instant at;
    Chunk chunk;
  };

  bool spent() const { return budget_ != nullptr && budget_->spent(); }
  std::optional<std::size_t> next_slot() const;
  void take_arrival();
  void go_on(std::size_t leaving);
  void deliver(std::size_t slot, Chunk chunk, Instant now);
  void deliver_finish(std::size_t slot, Instant now);
  void answer(std::string_view bytes);
  void close_after(std::size_t slot, Close how, Instant now);
  bool same_order(const std::vector<std::shared_ptr<const Rule>>& rules) const;
  void replace_slots(const std::vector<std::shared_ptr<const Rule>>& rules, bool reordered,
                     std::vector<std::unique_ptr<Slot>>& before, std::vector<std::size_t>& joined);
  void renumber();

  const FlowFacts* flow_;
  Direction direction_;
  ChainOutput* sink_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::size_t active_ = 0;
  // How a rule closes the flow once the data that later stages hold has left.
  std::optional<Close> close_;
  bool dead_ = false;
  EmitBudget* budget_ = nullptr;  // null for no limit
  bool late_ = false;
  Instant clock_ = Instant::min();  // time up to which the chain has run
  std::deque<Arrival> arrivals_;    // chunks that arrived while the chain was late
  std::size_t arrived_bytes_ = 0;
};

}  // namespace brownout::rules
