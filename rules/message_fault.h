// A fault that acts on messages, whoever's they are: by its stage on those of a connection
// (WebSocket, MQTT, XMPP, a framing) and on bodies, and by what follows on an HTTP request with its
// response, and on a DNS query with its answer. Its kind says which of them it has.
#pragma once

#include "rules/dns_fault.h"
#include "rules/http_fault.h"

namespace brownout::rules {

class MessageFault : public Fault, public HttpFault, public DnsFault {
 public:
  const HttpFault* http() const final { return this; }
  const DnsFault* dns() const final { return this; }
  std::optional<Note> act(const HttpContext&, HttpMessage&) const override { return std::nullopt; }
};

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

}  // namespace brownout::rules
