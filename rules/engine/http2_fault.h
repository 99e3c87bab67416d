// Http2Fault is the interface of faults that act on the HTTP/2 connection of a client, whatever its
// requests are. Http2Plan selects the rules with such faults for one connection.
//
// A rule is selected by what is known of the connection: listener, client, and names. It acts while
// its schedule lets it, and stops acting when it is removed. Pure; a plan is owned by its
// connection, and used on its thread.
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
  // Adds to `faults` what the fault demands of a connection while its rule acts. Returns the name
  // of the action for the event log; it must be a string literal.
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

  // Finds out which rules act at `now`. Must be called when the connection begins, after each
  // change of the rules, and at next(). `connection` has no request. Adds a note for each rule that
  // begins to act. Returns whether faults() has changed.
  bool set(const RuleSet& set, const FlowFacts& connection, Instant now, Notes& notes);
  const Http2ConnectionFaults& faults() const { return faults_; }
  Instant next() const { return next_; }

 private:
  std::vector<RuleRef> acting_;
  Http2ConnectionFaults faults_;
  Instant next_ = kNever;
};

}  // namespace brownout::rules
