// DnsFault is the interface of faults that act on DNS. It has functions for a query before it is
// forwarded to a resolver, for its answer, and for the encoded answer.
//
// Rules act in the order of the rule file. The first rule that answers or drops a query decides,
// and the query is not forwarded. Delays add up. A rule's answer passes through the rules after
// that rule; an answer of the resolver passes through all rules. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/engine/fault.h"
#include "rules/engine/hold.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::rules {

struct DnsContext {
  Dice dice;  // random numbers that depend on the rule and the query
  // Depends on the seed and the rule; for values that are equal in all answers of the rule.
  Key rule_key;
  Intensity intensity;     // how strongly the rule acts over time
  const FlowFacts* query;  // facts about the query; `dns.question` is set
  Instant now;
  FaultState* shared;  // state that all queries of the rule share, from make_state(); may be null
  Dice rule_dice;      // random numbers that depend on the rule only; for the shared state
};

struct DnsVerdict {
  bool silent = false;            // the client gets no answer
  std::optional<DnsReply> reply;  // the answer that a rule made, if any
  // The name to resolve in place of the query's; the client gets the answer under its own name.
  std::optional<std::string> other_name = {};
  SummedDelay delay = {};  // delay of the answer, whether a rule or a resolver made it
  bool rejected = false;   // with `silent`: the client learns that the query is refused (ICMP)

  bool decided() const { return silent || reply || other_name; }
};

// The encoded answer, ready to be sent.
struct DnsWire {
  std::vector<std::byte> message;
  bool lost = false;       // whether the answer is not sent
  int copies = 0;          // number of additional copies of the answer to send
  SummedDelay delay = {};  // delay in addition to the delay of DnsVerdict
  // If set, the answer waits for other messages, until this hold ends (hold.h).
  std::shared_ptr<Hold> hold = {};
};

// The interface of faults that act on DNS. Functions that change something return an entry for the
// event log (Note) if the fault acted. The kind of the fault and the direction of the rule decide
// whether on_query(), the functions for answers, or both are called.
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
  // Called for each answer on which the fault does not act, if its kind has observes_all.
  virtual void on_seen(const DnsContext& /*context*/) const {}
};

// Base class of faults that act on DNS only.
class DnsOnlyFault : public Fault, public DnsFault {
 public:
  const DnsFault* dns() const final { return this; }
};

}  // namespace brownout::rules
