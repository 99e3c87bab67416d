// What a fault does to one DNS query: before a resolver is asked, to the answer, and to its bytes.
//
// Rules act in file order. The first that answers a query, or keeps silent, decides; the resolver
// is then not asked. Delays add up. Answers, made here or by the resolver, pass through every rule
// behind the one that made them. Pure; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "rules/engine/fault.h"
#include "rules/engine/hold.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::rules {

struct DnsContext {
  Dice dice;               // of this rule and this query
  Key rule_key;            // of seed and rule alone: for what must be the same in every answer
  Intensity intensity;     // of the rule's ramp
  const FlowFacts* query;  // its question is set
  Instant now;
  FaultState* shared;  // what make_state() made, or nullptr
  Dice rule_dice;      // of this rule alone: for what its queries share
};

struct DnsVerdict {
  bool silent = false;            // no answer will come
  std::optional<DnsReply> reply;  // made here
  SummedDelay delay = {};         // of the answer, wherever it comes from

  bool decided() const { return silent || reply.has_value(); }
};

// An answer as it leaves.
struct DnsWire {
  std::vector<std::byte> message;
  bool lost = false;
  int copies = 0;                   // beside itself
  SummedDelay delay = {};           // beside the verdict's
  std::shared_ptr<Hold> hold = {};  // of the fault that acts: it leaves once this is over
};

// All functions return what was done, if anything. on_query() is asked where its kind and the
// rule's direction mean queries, the others where they mean answers.
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
  // Of one that observes all: an answer leaves on which it does not act.
  virtual void on_seen(const DnsContext& /*context*/) const {}
};

// A fault that only DNS has.
class DnsOnlyFault : public Fault, public DnsFault {
 public:
  const DnsFault* dns() const final { return this; }
};

}  // namespace brownout::rules
