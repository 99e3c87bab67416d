// DnsFault is the interface of faults that act on a DNS query: before it is forwarded to a
// resolver, on the answer, and on the answer's wire bytes.
//
// Rules act in file order. The first rule that answers or drops the query decides, and the query is
// not forwarded. Delays add up. An answer passes through every rule after the rule that made it; an
// answer of the resolver passes through all rules. Pure; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "rules/engine/fault.h"
#include "rules/engine/hold.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::rules {

struct DnsContext {
  Dice dice;               // depends on the rule and the query
  Key rule_key;            // depends on seed and rule: for values that all answers have in common
  Intensity intensity;     // intensity of the rule over time
  const FlowFacts* query;  // `dns.question` is set
  Instant now;
  FaultState* shared;  // result of make_state(), or nullptr
  Dice rule_dice;      // depends on the rule only: for state that its queries share
};

struct DnsVerdict {
  bool silent = false;            // the query gets no answer
  std::optional<DnsReply> reply;  // answer made by a rule
  SummedDelay delay = {};         // delay of the answer, from a rule or from the resolver

  bool decided() const { return silent || reply.has_value(); }
};

// An encoded answer, ready to be sent.
struct DnsWire {
  std::vector<std::byte> message;
  bool lost = false;
  int copies = 0;                   // additional copies to send
  SummedDelay delay = {};           // in addition to the delay of DnsVerdict
  std::shared_ptr<Hold> hold = {};  // set by the fault: the answer waits until it is over
};

// All functions return a note if the fault acted. The kind of the fault and the direction of the
// rule decide whether on_query() is called, or the functions for answers, or both.
class DnsFault {
 public:
  virtual ~DnsFault() = default;
  virtual std::optional<Note> on_query(const DnsContext& /*context*/,
                                       DnsVerdict& /*verdict*/) const {
    return std::nullopt;
  }
  virtual std::optional<Note> on_reply(const DnsContext& /*context*/, DnsReply& /*reply*/) const {
    return std::nullopt;
  }
  virtual std::optional<Note> on_wire(const DnsContext& /*context*/, DnsWire& /*wire*/) const {
    return std::nullopt;
  }
  // For kinds with observes_all: called for each answer on which the fault does not act.
  virtual void on_seen(const DnsContext& /*context*/) const {}
};

// A fault that acts on DNS only.
class DnsOnlyFault : public Fault, public DnsFault {
 public:
  const DnsFault* dns() const final { return this; }
};

}  // namespace brownout::rules
