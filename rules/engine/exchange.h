// Exchange and Verdict: one message on its way, whoever's it is, and what a fault makes of it.
//
// A message of a connection, a datagram, a request or response of HTTP, and a query or answer of
// DNS are an Exchange each. A fault of messages answers with a Verdict; what carries the message
// (message_fault.h) carries it out in the terms of its protocol. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/chance/distribution.h"
#include "rules/chance/schedule.h"
#include "rules/match/match.h"
#include "rules/message/chunk.h"
#include "rules/message/message.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {

struct Exchange {
  const FlowFacts& facts;  // of the connection; of HTTP and DNS also of the request or query
  // The message, or datagram. Null of HTTP, whose bodies pass in pieces, and of DNS.
  const Chunk* chunk;
  Direction direction;         // requests and queries go upstream
  std::uint64_t ordinal;       // among those of its connection; of DNS of its listener
  const Intensity& intensity;  // of the rule's ramp
  Instant now;
  CorrelatedDraws& draws;  // of the connection; of HTTP and DNS each message has its own

  // A number in [0, 1), by the dice.
  double draw() const { return draws.next(); }
  // How likely something is to happen to it, of those that `share` means.
  bool hits(Ratio share) const { return draw() < share.share() * intensity.at(now); }
  // Whether it says that another one came: of HTTP and DNS, the response or answer does.
  bool acknowledges() const {
    if (chunk == nullptr) return direction == Direction::kDownstream;
    return chunk->message() != nullptr && chunk->message()->acknowledges();
  }
};

// What becomes of a message. It passes where a fault says nothing else.
struct Verdict {
  // For the event log; "" where the fault does nothing. Always a literal.
  std::string_view action = {};
  Duration delay = {};                      // before it goes on
  bool drops = false;                       // it never arrives
  bool doubles = false;                     // it arrives twice
  const RefusalOptions* refusal = nullptr;  // its sender gets a refusal instead. Of the fault
  const std::string* text = nullptr;        // it says this instead. Of the fault

  static Verdict pass() { return {}; }
  static Verdict drop() { return {.action = "drop", .drops = true}; }
  static Verdict twice() { return {.action = "duplicate", .doubles = true}; }
  static Verdict wait(Duration delay) { return {.action = "delay", .delay = delay}; }
  static Verdict refuse(const RefusalOptions& how) { return {.action = "reject", .refusal = &how}; }
  static Verdict say(const std::string& text) { return {.action = "replace", .text = &text}; }
};

}  // namespace brownout::rules
