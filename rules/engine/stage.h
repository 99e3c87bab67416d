// The one abstraction: a fault as a small state machine over timed chunks, in virtual time.
//
// A stage is one fault on one direction of one flow. It is told "these bytes arrived at t" and "it
// is now t", and answers "emit these bytes", "wake me at t'", "close like so". It never reads a
// clock, sleeps, blocks or touches a socket, so every fault is tested exactly and in microseconds.
//
// The contract:
//  - Bytes given to a stage come out, in order, unless its fault says otherwise. What it holds it
//    counts in held(), which drives the flow's backpressure: a stage never refuses a chunk.
//  - deadline() is pulled. wake(now) is called with exactly the instant that deadline() showed,
//    however late the loop is, so its errors never add up, and one big advance equals many small.
//  - `now` never goes back. After close() a stage is told nothing more.
//  - release() gives back, in order, everything that is held (the rule went away); the stage is
//    then dropped.
//
// One thread (the loop that owns the flow); the chain (chain.h) owns the stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/base/instant.h"
#include "rules/message/chunk.h"

namespace brownout::rules {

// What a fault did, for the event log. Equal for the same seed and arrival order: no measured
// times.
struct Note {
  std::string_view action;    // "delay", "stall", "drop", "flip", "reset"... always a literal
  Duration delay = {};        // the delay that was drawn; 0 when there is none
  std::int64_t bytes = 0;     // how many bytes it concerns
  std::uint64_t ordinal = 0;  // which chunk, segment or byte offset of this direction
};

enum class Close {
  kFin,    // what was emitted still arrives, then both ends get a FIN
  kReset,  // both ends get a RST, at once
};

class Output {
 public:
  virtual ~Output() = default;
  virtual void emit(Chunk chunk, Instant now) = 0;
  virtual void finish(Instant now) = 0;  // the source half-closed; arrives behind what was emitted
  virtual void close(Close how, Instant now) = 0;
  virtual void note(const Note& note, Instant now) = 0;
  // A message to where the chunks come from, as if the other end had sent it.
  virtual void reply(Chunk /*message*/, Instant /*now*/) {}
  // Writes to where the chunks come from, as if the other end had, and ends the flow with FIN.
  virtual void answer(std::string_view bytes, Instant now) = 0;
};

class Stage {
 public:
  virtual ~Stage() = default;
  // A chunk arrived that the fault acts on.
  virtual void push(Chunk chunk, Instant now, Output& out) = 0;
  // A chunk arrived that the dice spared (per = "chunk"): nothing is done to it, but it keeps its
  // place.
  virtual void pass(Chunk chunk, Instant now, Output& out) { out.emit(std::move(chunk), now); }
  // Whether a message that its rule does not mean may pass beside it now: it holds none, and none
  // changes what it does with the next.
  virtual bool lets_by() const { return false; }
  // The source half-closed. Queues behind the bytes.
  virtual void finish(Instant now, Output& out) { out.finish(now); }
  virtual void wake(Instant /*now*/, Output& /*out*/) {}
  virtual void release(Instant /*now*/, Output& /*out*/) {}
  // Its rule has other settings now than it had for `before`, a stage of the same fault on the same
  // flow, which is dropped: it goes on where that was. Only if the fault inherits_state()
  // (fault.h); else `before` is released, and this stage begins anew.
  virtual void take_over(const Stage& /*before*/, Instant /*now*/) {}
  virtual Instant deadline() const { return kNever; }
  // Bytes inside.
  virtual std::size_t held() const { return 0; }
  // Bytes that it must be able to hold so that it delays data without throttling it (delay x rate).
  virtual std::size_t allowance() const { return 0; }
  // True while the line is cut: not even a RST of one end may reach the other.
  virtual bool severed() const { return false; }
};

}  // namespace brownout::rules
