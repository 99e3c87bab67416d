// Stage is one fault on one direction of one flow: a state machine that receives chunks with their
// arrival times, and emits, delays, changes or drops them.
//
// A stage runs in virtual time. It never reads a clock, sleeps, blocks or uses a socket, so tests
// of faults are exact and take microseconds.
//
// The contract:
//  - A stage emits all bytes that it receives, in order, unless its fault does otherwise. A stage
//    never rejects a chunk. held() counts the bytes that it holds, and drives backpressure.
//  - The chain polls deadline(), and calls wake(now) with exactly that instant, even if the event
//    loop is late. So timing errors do not add up, and one big advance equals many small ones.
//  - `now` never decreases. No function is called after close().
//  - release() emits all held data, in order, because the rule became inactive. The stage is then
//    destroyed.
//
// Thread: the event loop of the flow. The chain (chain.h) owns the stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/base/instant.h"
#include "rules/message/chunk.h"

namespace brownout::rules {

// An action of a fault, for the event log. Contains no measured times, so that the same seed and
// order of arrival give the same notes.
struct Note {
  std::string_view action;    // "delay", "stall", "drop", "flip" ... must be a string literal
  Duration delay = {};        // the delay drawn; 0 if none
  std::int64_t bytes = 0;     // number of bytes affected
  std::uint64_t ordinal = 0;  // number of the chunk or segment, or byte offset, in this direction
  // Set by the rule's place (chain.h, plan*.h), not by its fault.
  const Message* message = nullptr;  // borrowed for the call; null if it is none of a connection
  std::optional<double> draw = {};   // see Activation::draw()
};

enum class Close {
  kFin,    // emitted data is still delivered, then both ends get a FIN
  kReset,  // both ends get a RST immediately
};

class Output {
 public:
  virtual ~Output() = default;
  virtual void emit(Chunk chunk, Instant now) = 0;
  virtual void finish(Instant now) = 0;  // passes on a half-close, after all emitted data
  virtual void close(Close how, Instant now) = 0;
  virtual void note(const Note& note, Instant now) = 0;
  // Sends a message to the source of the chunks, in the name of the other end.
  virtual void reply(Chunk /*message*/, Instant /*now*/) {}
  // Sends bytes to the source of the chunks, in the name of the other end; then closes with FIN.
  virtual void answer(std::string_view bytes, Instant now) = 0;
};

class Stage {
 public:
  virtual ~Stage() = default;
  // A chunk arrived on which the fault acts.
  virtual void push(Chunk chunk, Instant now, Output& out) = 0;
  // A chunk arrived that the match or the dice exclude. The stage passes it on unchanged, in order.
  virtual void pass(Chunk chunk, Instant now, Output& out) { out.emit(std::move(chunk), now); }
  // Whether messages that the rule does not match may bypass the stage now: the stage holds no
  // data, and such messages do not affect its state.
  virtual bool lets_by() const { return false; }
  // The source half-closed. The end is passed on after all held data.
  virtual void finish(Instant now, Output& out) { out.finish(now); }
  virtual void wake(Instant /*now*/, Output& /*out*/) {}
  virtual void release(Instant /*now*/, Output& /*out*/) {}
  // The settings of the rule changed: copies the state of `before`, the stage with the old
  // settings, which is then destroyed. Called only if the fault inherits_state() (fault.h);
  // otherwise `before` is released.
  virtual void take_over(const Stage& /*before*/, Instant /*now*/) {}
  virtual Instant deadline() const { return kNever; }
  // Bytes held.
  virtual std::size_t held() const { return 0; }
  // Bytes that the stage must be able to hold to delay data without throttling it (delay x rate).
  virtual std::size_t allowance() const { return 0; }
  // True while the link is cut: not even a RST of one end reaches the other.
  virtual bool blackholed() const { return false; }
};

}  // namespace brownout::rules
