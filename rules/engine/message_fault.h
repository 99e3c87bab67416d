// MessageFault is the base class of faults that act on messages of any protocol: messages of
// connections (WebSocket, MQTT, XMPP, a framing ...), datagrams, HTTP requests and responses, DNS
// queries and answers. The kind of a fault lists its carriers, and the halves of an exchange.
//
// A derived class overrides one function:
//   judge()  decides about each message independently.
//   stage()  sees several messages together (reorder, hold_until). If gathers() is true, HTTP and
//            DNS messages of one client go through one shared stage (shared_stages.h).
// This class applies the result in the way of each protocol. Pure but for the shared stages; any
// thread.
#pragma once

#include "rules/engine/dns_fault.h"
#include "rules/engine/exchange.h"
#include "rules/engine/http_fault.h"
#include "rules/engine/shared_stages.h"

namespace brownout::rules {

class MessageFault : public Fault, private HttpFault, private DnsFault {
 public:
  // Called for each message that the rule's dice select.
  virtual Verdict judge(const Exchange&) const { return Verdict::pass(); }
  // Correlation of successive draws on a connection, as defined by netem.
  virtual Ratio correlation() const { return {}; }
  // Whether one stage sees all HTTP and DNS messages of a client.
  virtual bool gathers() const { return false; }
  // For gathers() with observes_all: the direction of the messages that the stage also observes.
  // `half` is the direction of the messages on which the fault acts.
  virtual Direction watched(Direction half) const { return half; }

  // By default, a stage that calls judge() for each message.
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

// The base class of faults that act on payloads. Their stage receives each message of a connection,
// piece of an HTTP body and DNS answer as one chunk.
class PayloadFault : public Fault, private DnsFault {
 public:
  const DnsFault* dns() const final { return this; }

 private:
  std::optional<Note> on_wire(const DnsContext& context, DnsWire& wire) const final;
};

}  // namespace brownout::rules
