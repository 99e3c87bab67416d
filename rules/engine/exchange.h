// Exchange is one message of any protocol on its way through the proxy; Verdict is what a fault
// decides to do with it.
//
// An exchange may be a message of a connection, a datagram, an HTTP request or response, or a DNS
// query or answer. A message fault returns a verdict, and message_fault.h applies it in the way of
// the protocol. Pure; any thread.
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
  const FlowFacts& facts;  // the connection; for HTTP and DNS, the request or query
  // The message or datagram. Null for HTTP, whose bodies pass in pieces, and for DNS.
  const Chunk* chunk;
  Direction direction;         // upstream for requests and queries
  std::uint64_t ordinal;       // number within the connection; for DNS, within the listener
  const Intensity& intensity;  // intensity of the rule over time
  Instant now;
  CorrelatedDraws& draws;  // one per connection; for HTTP and DNS, one per message

  // The next random number in [0, 1).
  double draw() const { return draws.next(); }
  // True with probability `share`, scaled by the rule's intensity.
  bool hits(Ratio share) const { return draw() < share.share() * intensity.at(now); }
  // Whether the message only acknowledges another; for HTTP and DNS, whether it is a response.
  bool acknowledges() const {
    if (chunk == nullptr) return direction == Direction::kDownstream;
    return chunk->message() != nullptr && chunk->message()->acknowledges();
  }
};

// By default, the message is forwarded unchanged.
struct Verdict {
  // The action for the event log, "" if the fault does nothing. Must be a string literal.
  std::string_view action = {};
  Duration delay = {};                      // the message is forwarded after this time
  bool drops = false;                       // the message is discarded
  bool doubles = false;                     // the message is sent twice
  const RefusalOptions* refusal = nullptr;  // the sender gets a refusal; owned by the fault
  const std::string* text = nullptr;        // replaces the text; owned by the fault

  static Verdict pass() { return {}; }
  static Verdict drop() { return {.action = "drop", .drops = true}; }
  static Verdict twice() { return {.action = "duplicate", .doubles = true}; }
  static Verdict wait(Duration delay) { return {.action = "delay", .delay = delay}; }
  static Verdict refuse(const RefusalOptions& how) { return {.action = "reject", .refusal = &how}; }
  static Verdict say(const std::string& text) { return {.action = "replace", .text = &text}; }
};

}  // namespace brownout::rules
