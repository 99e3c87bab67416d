// A fault that acts on messages, whoever's they are: by its stage on those of a connection
// (WebSocket, MQTT, XMPP, a framing) and on bodies, and by what follows on an HTTP request with its
// response, and on a DNS query with its answer. Its kind says which of them it has. One that must
// see several exchanges together sends them through the same stage (shared_stages.h).
#pragma once

#include "rules/engine/dns_fault.h"
#include "rules/engine/http_fault.h"
#include "rules/engine/shared_stages.h"

namespace brownout::rules {

class MessageFault : public Fault, public HttpFault, public DnsFault {
 public:
  const HttpFault* http() const final { return this; }
  const DnsFault* dns() const final { return this; }
  std::optional<Note> act(const HttpContext&, HttpMessage&) const override { return std::nullopt; }
};

// Sends a message through the stages that those of its client share (make_state() has made
// SharedStages); or it is one on which the fault does not act.
inline StageContext shared_context(const HttpContext& context, Direction direction) {
  return {.dice = context.rule_dice,
          .intensity = context.intensity,
          .flow = context.request,
          .direction = direction,
          .now = context.now,
          .shared = context.shared};
}
inline StageContext shared_context(const DnsContext& context) {
  return {.dice = context.rule_dice,
          .intensity = context.intensity,
          .flow = context.query,
          .direction = Direction::kDownstream,
          .now = context.now,
          .shared = context.shared};
}
template <class Message>
std::optional<Note> push_shared(const Fault& fault, const StageContext& context, Message& message) {
  auto passage = static_cast<SharedStages*>(context.shared)->push(fault, context);
  message.hold = std::move(passage.hold);
  return passage.note;
}
inline void pass_shared(const StageContext& context) {
  static_cast<SharedStages*>(context.shared)->pass(context);
}

// How likely something is to happen to this exchange, of those that `share` means.
inline bool hits(const Dice& dice, Ratio share, const Intensity& intensity, Instant now) {
  return dice.unit(0) < share.share() * intensity.at(now);
}

// Nothing comes of a request; no response comes.
inline std::optional<Note> silence(HttpMessage& message) {
  if (message.decided()) return std::nullopt;
  message.fate = HttpMessage::Fate::kSilence;
  return Note{.action = "drop"};
}

// An answer does not leave.
inline std::optional<Note> lose(DnsWire& wire) {
  wire.lost = true;
  return Note{.action = "drop", .bytes = static_cast<std::int64_t>(wire.message.size())};
}

}  // namespace brownout::rules
