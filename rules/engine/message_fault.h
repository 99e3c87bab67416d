// A fault that acts on messages, whoever's they are: those of connections (WebSocket, MQTT, XMPP, a
// framing ...), datagrams, HTTP requests with their responses, DNS queries with their answers. Its
// kind says which of them it has, and which half of an exchange.
//
// It has one entry point:
//   judge()  where each message is judged for itself,
//   stage()  where several messages must be seen together (reorder, hold_until). Exchanges of HTTP
//            and DNS go through the stage of their client then, if it gathers() (shared_stages.h).
// What follows carries the verdict out, or the stage's, in the terms of the protocol.
#pragma once

#include "rules/engine/dns_fault.h"
#include "rules/engine/exchange.h"
#include "rules/engine/http_fault.h"
#include "rules/engine/shared_stages.h"

namespace brownout::rules {

class MessageFault : public Fault, private HttpFault, private DnsFault {
 public:
  // Once for each message that the rule's dice choose.
  virtual Verdict judge(const Exchange&) const { return Verdict::pass(); }
  // How much each draw depends on the last one of its connection, as netem defines it.
  virtual Ratio correlation() const { return {}; }
  // Whether exchanges of one client are seen together.
  virtual bool gathers() const { return false; }
  // Of one that gathers, and whose kind observes all: in which direction that goes of which it is
  // told where it does not act.
  virtual Direction watched(Direction half) const { return half; }

  // One that judges each message.
  std::unique_ptr<Stage> stage(const StageContext& context) const override;
  std::unique_ptr<FaultState> make_state() const override;
  const HttpFault* http() const final { return this; }
  const DnsFault* dns() const final { return this; }

 private:
  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const final;
  void on_seen(const HttpContext& context, const HttpMessage& message) const final;
  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const final;
  std::optional<Note> on_reply(const DnsContext& context, DnsReply& reply) const final;
  std::optional<Note> on_wire(const DnsContext& context, DnsWire& wire) const final;
  void on_seen(const DnsContext& context) const final;
};

// A fault of payloads: its stage is given the messages of connections, pieces of HTTP bodies, and
// DNS answers, each as one chunk.
class PayloadFault : public Fault, private DnsFault {
 public:
  const DnsFault* dns() const final { return this; }

 private:
  std::optional<Note> on_wire(const DnsContext& context, DnsWire& wire) const final;
};

}  // namespace brownout::rules
