// HttpFault is the interface of faults that act on an HTTP request and its response. It changes
// heads and decides whether a message is forwarded; stages (stage.h) act on bodies.
//
// Rules act in file order. The first rule that answers or drops the request decides, and the
// request is not forwarded. Delays add up. A response passes through every rule after the rule that
// made it; a response of the server passes through all rules. Pure; any thread.
#pragma once

#include "rules/engine/fault.h"
#include "rules/engine/hold.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {

struct HttpContext {
  Dice dice;                 // depends on the rule and the request
  Intensity intensity;       // intensity of the rule over time
  Ratio probability;         // probability of the rule
  const FlowFacts* request;  // `http` is set
  Instant now;
  FaultState* shared;  // result of make_state(), or nullptr
  Dice rule_dice;      // depends on the rule only: for state that its requests share
  Direction half;      // for Half::kOne: the half on which the rule acts; upstream is the request
};

// The way in which a response is malformed on the wire.
enum class Malformed { kNone, kStatusLine, kChunkLength, kContentLength, kHeadWithoutEnd };

// A request on its way to the server, or a response on its way to the client, with the changes that
// rules made to it.
struct HttpMessage {
  enum class Fate {
    kPass,
    kAnswer,           // request: the client gets `answer`; the request is not forwarded
    kSilence,          // the client gets no response; its connection stays open
    kClose,            // the client's connection is closed with FIN
    kReset,            // the client's connection is closed with RST
    kCloseBehindHead,  // response: its head is sent, then the connection is closed
  };

  Direction direction = Direction::kUpstream;
  HttpHead head;
  bool edited = false;     // the head differs from the received one
  SummedDelay delay = {};  // the message is forwarded after this time
  Fate fate = Fate::kPass;
  HttpAnswer answer = {};
  std::optional<std::string> body = {};  // replaces the body
  Malformed malformed = Malformed::kNone;
  Bytes duplicate{};  // request: sent twice if its body is at most this long; 0: never
  std::shared_ptr<Hold> hold = {};  // set by the fault: the message waits until it is over

  bool is_request() const { return direction == Direction::kUpstream; }
  bool decided() const { return fate != Fate::kPass; }
};

class HttpFault {
 public:
  virtual ~HttpFault() = default;
  // Called with the request, the response or both. The kind of the fault and the direction of the
  // rule decide which. Returns a note if the fault acted.
  virtual std::optional<Note> act(const HttpContext& context, HttpMessage& message) const = 0;
  // For kinds with observes_all: called for each message on which the fault does not act.
  virtual void on_seen(const HttpContext& /*context*/, const HttpMessage& /*message*/) const {}
  // Called if the rule matches, but the dice, the schedule or the limit exclude this request.
  virtual void on_skipped(HttpMessage& /*request*/) const {}
  // Whether the fault answers with a gRPC status.
  virtual bool answers_grpc() const { return false; }
};

// Replaces the body, unless the message cannot have one.
std::optional<Note> replace_body(const HttpContext& context, HttpMessage& message,
                                 std::string_view body);

// A fault that acts on HTTP only.
class HttpOnlyFault : public Fault, public HttpFault {
 public:
  const HttpFault* http() const final { return this; }
};

}  // namespace brownout::rules
