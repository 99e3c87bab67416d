// What a fault does to one HTTP request and its response: to their heads, to what becomes of them,
// and, as stages (stage.h), to their bodies.
//
// Rules act in file order. The first that answers a request, or drops it, decides; the server is
// then not asked. Delays add up. Responses, made here or by the server, pass through every rule
// behind the one that made them. Pure; any thread.
#pragma once

#include "rules/engine/fault.h"
#include "rules/engine/hold.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {

struct HttpContext {
  Dice dice;                 // of this rule and this request
  Intensity intensity;       // of the rule's ramp
  Ratio probability;         // of the rule
  const FlowFacts* request;  // its `http` is set
  Instant now;
  FaultState* shared;  // what make_state() made, or nullptr
  Dice rule_dice;      // of this rule alone: for what its requests share
  Direction half;      // of a rule that acts on one alone (Half::kOne): which
};

// How a response is made wrong on the wire.
enum class Malformed { kNone, kStatusLine, kChunkLength, kContentLength, kHeadWithoutEnd };

// A request on its way to the server, or a response on its way to the client, and what rules made
// of it.
struct HttpMessage {
  enum class Fate {
    kPass,
    kAnswer,           // request: `answer` goes back, the server is not asked
    kSilence,          // no response will come; the connection stays open
    kClose,            // the client's connection closes instead
    kReset,            // the same, with a RST
    kCloseBehindHead,  // response: its head passes, then the connection closes
  };

  Direction direction = Direction::kUpstream;
  HttpHead head;
  bool edited = false;     // head is not as it came any more
  SummedDelay delay = {};  // before it goes on
  Fate fate = Fate::kPass;
  HttpAnswer answer = {};
  std::optional<std::string> body = {};  // instead of its own
  Malformed malformed = Malformed::kNone;
  Bytes duplicate{};  // request: it is sent twice, if its body is not longer than this; 0 is once
  std::shared_ptr<Hold> hold = {};  // of the fault that acts: it goes on once this is over

  bool is_request() const { return direction == Direction::kUpstream; }
  bool decided() const { return fate != Fate::kPass; }
};

class HttpFault {
 public:
  virtual ~HttpFault() = default;
  // Once with the request, once with the response, as its kind and the rule's direction say.
  // Returns what was done, if anything.
  virtual std::optional<Note> act(const HttpContext& context, HttpMessage& message) const = 0;
  // Of one that observes all: a message passes on which it does not act.
  virtual void on_seen(const HttpContext& /*context*/, const HttpMessage& /*message*/) const {}
  // The rule matches, but the dice spare this request.
  virtual void on_skipped(HttpMessage& /*request*/) const {}
  // Whether its answer is one to a gRPC call.
  virtual bool answers_grpc() const { return false; }
};

// Another body instead of its own, if it may have one.
std::optional<Note> replace_body(const HttpContext& context, HttpMessage& message,
                                 std::string_view body);

// A fault that only HTTP has.
class HttpOnlyFault : public Fault, public HttpFault {
 public:
  const HttpFault* http() const final { return this; }
};

}  // namespace brownout::rules
