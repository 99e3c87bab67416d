// MessageFault is the base class of faults that act on messages of any protocol. Messages are those
// of connections (WebSocket, MQTT, XMPP, a framing ...), datagrams, HTTP requests and responses,
// and DNS queries and answers. The FaultKind of a fault lists the kinds of traffic it acts on, and
// whether it acts on requests, responses or both.
//
// A derived class overrides one function:
//   judge()  decides about each message independently.
//   stage()  sees several messages together (reorder, hold_until). If gathers() is true, HTTP and
//            DNS messages of one client go through one shared stage (shared_stages.h).
// MessageFault applies the result to each protocol. Pure functions, except for the shared stages;
// any thread.
#pragma once

#include "rules/engine/dns_fault.h"
#include "rules/engine/exchange.h"
#include "rules/engine/http_fault.h"
#include "rules/engine/shared_stages.h"

namespace brownout::rules {

class MessageFault : public Fault, private HttpFault, private DnsFault {
 public:
  // Returns the decision about one message. Called for each message that the rule's random draw
  // selects.
  virtual Verdict judge(const Exchange&) const { return Verdict::pass(); }
  // Returns the correlation of successive random draws on a connection, as netem defines it.
  virtual Ratio correlation() const { return {}; }
  // Whether one stage processes all HTTP and DNS messages of a client together.
  virtual bool gathers() const { return false; }
  // Returns the direction of messages that the shared stage observes without acting on them. Used
  // if both gathers() and observes_all are true. `half` is the direction of the messages on which
  // the fault acts.
  virtual Direction watched(Direction half) const { return half; }

  // Creates a stage that calls judge() for each message, unless overridden.
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

// Base class of faults that act on payloads. Their stage receives each message of a connection,
// each piece of an HTTP body, and each DNS answer as one chunk.
class PayloadFault : public Fault, private DnsFault {
 public:
  const DnsFault* dns() const final { return this; }

 private:
  std::optional<Note> on_wire(const DnsContext& context, DnsWire& wire) const final;
};

}  // namespace brownout::rules
