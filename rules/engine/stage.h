// Stage is one fault at work on one direction of one flow (a connection or UDP session). It is a
// state machine: it receives chunks with their arrival times, and emits, delays, changes or drops
// them.
//
// A stage runs in virtual time. It never reads a clock, sleeps, blocks or uses a socket, so tests
// of faults are exact and take microseconds.
//
// Rules for implementations and callers:
//  - A stage emits all bytes that it receives, in order, unless its fault requires otherwise. A
//    stage never rejects a chunk. held() counts the bytes that it holds. If they are many, the
//    proxy stops reading from the sender.
//  - The chain reads deadline(), and calls wake(now) with exactly that instant, even if the event
//    loop is late. So timing errors do not add up, and one large step of time has the same result
//    as many small ones.
//  - `now` never decreases. No function is called after Output::close().
//  - release() emits all held data, in order, because the rule became inactive. The stage is then
//    destroyed.
//  - A stage that may emit very many datagrams in one call stops when Output::full() is true. It
//    keeps the remaining datagrams and a deadline() in the past, so that wake() or release() is
//    called again.
//
// Thread: the event loop of the flow. Owner: the chain (chain.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/base/instant.h"
#include "rules/message/chunk.h"

namespace brownout::rules {

// Note is an entry of the event log: an action of a fault. It contains no measured times, so that
// the same seed and order of arrival give the same entries.
struct Note {
  // For example "delay", "stall", "drop" or "flip"; must be a string literal.
  std::string_view action;
  Duration delay = {};        // random delay that was injected; 0 if none
  std::int64_t bytes = 0;     // number of bytes affected
  std::uint64_t ordinal = 0;  // number of the chunk or segment, or byte offset, in this direction
  // Whether the fault rejected a request or connection because a limit was reached, such as a full
  // queue.
  bool overflow = false;
  // Whether the fault refused a client that retried before its Retry-After time.
  bool early = false;
  // The Chain or plan that runs the rule (chain.h, plan*.h) sets the members below. `message` is
  // the message of a connection on which the fault acted, borrowed for the call; null in other
  // cases.
  const Message* message = nullptr;
  std::optional<double> draw = {};  // see Activation::draw()
  // Status of the HTTP answer that the rule made, or that it gave to the server's response; 0
  // without these.
  int status = 0;
};

enum class Close {
  kFin,    // data already emitted is still delivered, then both ends get a FIN
  kReset,  // both ends get a RST immediately; it overtakes data
  // data already emitted is still delivered, then both ends get a RST
  kResetAfterData,
};

// Receives the output of a stage: chunks, the end of the data, and entries for the event log.
class Output {
 public:
  virtual ~Output() = default;
  virtual void emit(Chunk chunk, Instant now) = 0;
  virtual void finish(Instant now) = 0;  // ends this direction (half-close) after all emitted data
  virtual void close(Close how, Instant now) = 0;
  virtual void note(const Note& note, Instant now) = 0;
  // Reports why the fault could not change a message that it should have changed. Only the first
  // report of a stage is logged.
  virtual void unchanged(std::string_view /*why*/) {}
  // Whether the stage should emit no more in this call.
  virtual bool full() const { return false; }
  // Sends a message back to the sender of the chunks, as if the other end had sent it.
  virtual void reply(Chunk /*message*/, Instant /*now*/) {}
  // Sends bytes back to the sender of the chunks, as if the other end had sent them, then closes
  // with FIN.
  virtual void answer(std::string_view bytes, Instant now) = 0;
  // Tells the sender of a datagram that it is rejected (ICMP), where that is possible.
  virtual void reject(const Chunk& /*datagram*/) {}
};

class Stage {
 public:
  virtual ~Stage() = default;
  // Processes a chunk on which the fault acts.
  virtual void push(Chunk chunk, Instant now, Output& out) = 0;
  // Processes a chunk that the rule's match or random draw excludes. The stage passes it on
  // unchanged, in order.
  virtual void pass(Chunk chunk, Instant now, Output& out) { out.emit(std::move(chunk), now); }
  // Whether messages that the rule does not match may bypass the stage now. The stage must hold no
  // data, and such messages must not affect its state.
  virtual bool may_bypass() const { return false; }
  // Processes the end of the stream (half-close by the sender). Passes it on after all held data.
  virtual void finish(Instant now, Output& out) { out.finish(now); }
  virtual void wake(Instant /*now*/, Output& /*out*/) {}
  virtual void release(Instant /*now*/, Output& /*out*/) {}
  // Copies the state of `before`, the stage with the rule's old settings, which is then destroyed.
  // Called when the settings have changed, if Fault::inherits_state() is true. Otherwise release()
  // is called on the old stage.
  virtual void take_over(const Stage& /*before*/, Instant /*now*/) {}
  virtual Instant deadline() const { return kNever; }
  // Returns the number of bytes held.
  virtual std::size_t held() const { return 0; }
  // Returns the number of datagrams held; 0 for other data.
  virtual std::size_t held_datagrams() const { return 0; }
  // Returns the number of bytes that the stage must be able to hold, so that it delays data without
  // throttling it (delay x rate).
  virtual std::size_t allowance() const { return 0; }
  // Whether the link is cut, so that not even a RST of one end reaches the other.
  virtual bool blackholed() const { return false; }
};

}  // namespace brownout::rules
