// Http2Fault is the interface of faults that act on a client's whole HTTP/2 connection instead of
// single requests. Http2Plan selects the rules with such faults for one connection.
//
// Rules are selected by facts of the connection: listener, client, and host names. A rule acts
// during its schedule, until it is removed. Pure; a plan is owned by its connection, and used on
// the connection's thread.
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/fault.h"
#include "rules/engine/rule_set.h"
#include "rules/protocols/http2/http2.h"

namespace brownout::rules {

class Http2Fault {
 public:
  virtual ~Http2Fault() = default;
  // Sets in `faults` how the connection must misbehave while the rule acts. Returns the name of the
  // action for the event log, a string literal.
  virtual std::string_view on_connection(Http2ConnectionFaults& faults) const = 0;
};

// Base class of faults that act on HTTP/2 connections only.
class Http2OnlyFault : public Fault, public Http2Fault {
 public:
  const Http2Fault* http2() const final { return this; }
};

class Http2Plan {
 public:
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  // Selects the rules that act at `now`. Must be called when the connection begins, after each
  // change of the rules, and at the time next(). `connection` has no request. Adds a note for each
  // rule that begins to act. Returns whether faults() has changed.
  bool set(const RuleSet& set, const FlowFacts& connection, Instant now, Notes& notes);
  const Http2ConnectionFaults& faults() const { return faults_; }
  Instant next() const { return next_; }

 private:
  std::vector<RuleRef> acting_;
  Http2ConnectionFaults faults_;
  Instant next_ = kNever;
};

}  // namespace brownout::rules
