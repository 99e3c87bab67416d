// Exchange is one message of any protocol on its way through the proxy, with the facts that a fault
// needs. Verdict is the fault's decision about this message.
//
// The message may be a message of a connection, a datagram, an HTTP request or response, or a DNS
// query or answer. A message fault returns a verdict, and message_fault.h applies the verdict to
// the protocol. Pure values; any thread.
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
  // Facts about the connection; for HTTP and DNS, about the request or query.
  const FlowFacts& facts;
  // The message or datagram. Null for HTTP, whose bodies are forwarded in pieces, and for DNS.
  const Chunk* chunk;
  Direction direction;  // kUpstream for requests and queries
  // Number of the message within its connection; for DNS, within its listener.
  std::uint64_t ordinal;
  const Intensity& intensity;  // how strongly the rule acts over time
  Instant now;
  // Random numbers: one sequence per connection; for HTTP and DNS, per message.
  CorrelatedDraws& draws;

  // Returns the next random number in [0, 1).
  double draw() const { return draws.next(); }
  // Returns true with probability `share`, which is scaled by the rule's intensity.
  bool hits(Ratio share) const { return draw() < share.share() * intensity.at(now); }
  // Whether the message only acknowledges another message. For HTTP and DNS: whether it is a
  // response.
  bool acknowledges() const {
    if (chunk == nullptr) return direction == Direction::kDownstream;
    return chunk->message() != nullptr && chunk->message()->acknowledges();
  }
};

// The decision of a fault about one message. The default forwards the message unchanged.
struct Verdict {
  // Name of the action in the event log; "" if the fault does nothing. Must be a string literal.
  std::string_view action = {};
  Duration delay = {};   // time before the message is forwarded
  bool drops = false;    // whether the message is discarded
  bool doubles = false;  // whether the message is sent twice
  // If set, the sender of the message gets a refusal with these options; owned by the fault.
  const RefusalOptions* refusal = nullptr;
  const std::string* text = nullptr;  // if set, replaces the message's text; owned by the fault

  static Verdict pass() { return {}; }
  static Verdict drop() { return {.action = "drop", .drops = true}; }
  static Verdict twice() { return {.action = "duplicate", .doubles = true}; }
  static Verdict wait(Duration delay) { return {.action = "delay", .delay = delay}; }
  static Verdict refuse(const RefusalOptions& how) { return {.action = "reject", .refusal = &how}; }
  static Verdict say(const std::string& text) { return {.action = "replace", .text = &text}; }
};

}  // namespace brownout::rules
