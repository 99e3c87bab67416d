// HttpFault is the interface of faults that act on an HTTP request and its response. Such a fault
// changes heads (start line and headers) and decides whether a message is forwarded. Stages
// (stage.h) act on bodies.
//
// Rules act in the order of the rule file. The first rule that answers or drops a request decides,
// and the request is not forwarded. Delays add up. A rule's response passes through the rules after
// that rule; a response of the server passes through all rules. Pure functions; any thread.
#pragma once

#include "rules/engine/fault.h"
#include "rules/engine/hold.h"
#include "rules/protocols/http1/http.h"
#include "rules/protocols/http2/http2.h"

namespace brownout::rules {

struct Rule;  // defined in rule.h

struct HttpContext {
  Dice dice;                 // random numbers that depend on the rule and the request
  Intensity intensity;       // how strongly the rule acts over time
  Ratio probability;         // probability with which the rule acts
  const FlowFacts* request;  // facts about the request; `http` is set
  Instant now;
  FaultState* shared;  // state that all requests of the rule share, from make_state(); may be null
  Dice rule_dice;      // random numbers that depend on the rule only; for the shared state
  // For faults with ExchangePart::kByDirection: kUpstream if the rule acts on the request,
  // kDownstream if on the response.
  Direction half;
};

// How a response is deliberately malformed on the wire. With kRandom, `body` is all that is sent.
enum class Malformed { kNone, kStatusLine, kChunkLength, kContentLength, kHeadWithoutEnd, kRandom };

// A request on its way to the server or a response on its way to the client, with the changes made
// by rules.
struct HttpMessage {
  enum class Fate {
    kPass,
    kAnswer,           // for a request: the client gets `answer`, and the request is not forwarded
    kSilence,          // the client gets no response; its connection stays open
    kClose,            // the client's connection is closed with FIN
    kReset,            // the client's connection is closed with RST
    kCloseBehindHead,  // for a response: only its head is sent, then the connection is closed
  };

  Direction direction = Direction::kUpstream;
  HttpHead head;
  bool edited = false;     // whether a rule changed the head
  SummedDelay delay = {};  // time before the message is forwarded
  Fate fate = Fate::kPass;
  HttpAnswer answer = {};
  std::optional<std::string> body = {};  // if set, replaces the body
  Malformed malformed = Malformed::kNone;
  // For a request: it is sent twice if its body has at most this size. 0 means that it is sent
  // once.
  Bytes duplicate{};
  // If set, the message waits for other messages, until this hold ends (hold.h).
  std::shared_ptr<Hold> hold = {};
  // Set by act() if the fault needs the whole body: on_body() is called once it has arrived, and
  // the message waits for that. This is the largest size of the body as received. With 0, on_body()
  // is called at once and without a body.
  std::optional<Bytes> wants_body = {};
  // The rules whose faults want the whole body, in order, and the largest of their sizes.
  std::vector<std::shared_ptr<const Rule>> body_readers = {};
  Bytes collects{};
  TrailerChange trailers = {};  // changes of the message's trailers
  Http2Orders http2 = {};       // demands on the stream and its connection
  // The rule that has set `http2.reset`, if the reset does not happen at once.
  std::shared_ptr<const Rule> resets = {};
  // Parts that on_body() did not find although it made other changes to the body; for the event
  // log.
  std::string not_found = {};
  // For a request: headers that its response gets, whoever makes the response.
  std::vector<HttpHeader> response_headers = {};

  bool is_request() const { return direction == Direction::kUpstream; }
  bool decided() const { return fate != Fate::kPass; }
};

class HttpFault {
 public:
  virtual ~HttpFault() = default;
  // Called with the request, the response or both, depending on the kind of the fault and the
  // direction of the rule. Returns an entry for the event log (Note) if the fault acted.
  virtual std::optional<Note> act(const HttpContext& context, HttpMessage& message) const = 0;
  // Called with the whole body in `message.body`, if act() wanted it. There is no body if it is
  // longer than wanted, or incomplete. The fault may change the head and the body. Returns an entry
  // for the event log if it did, or an error with the reason why it left the body unchanged.
  virtual Result<std::optional<Note>> on_body(const HttpContext& /*context*/,
                                              HttpMessage& /*message*/) const {
    return std::nullopt;
  }
  // Called for each message on which the fault does not act, if its kind has observes_all.
  virtual void on_seen(const HttpContext& /*context*/, const HttpMessage& /*message*/) const {}
  // Whether the fault acts on a request that the rule's probability or ordinals exclude, because it
  // told this client to retry later, and the client came too early.
  virtual bool insists(const HttpContext& /*context*/) const { return false; }
  // Called if the rule matches, but its probability, schedule or limit excludes this request.
  virtual void on_skipped(HttpMessage& /*request*/) const {}
};

// Whether the message may get a body. A request without a body must not get one. Some responses
// cannot have a body: those to HEAD, and those with status 204 or 304.
bool has_body(const HttpContext& context, const HttpMessage& message);

// Replaces the body of the message. Returns an entry for the event log, or no value if the message
// cannot have a body.
std::optional<Note> replace_body(const HttpContext& context, HttpMessage& message,
                                 std::string_view body);

// Base class of faults that act on HTTP only.
class HttpOnlyFault : public Fault, public HttpFault {
 public:
  const HttpFault* http() const final { return this; }
};

}  // namespace brownout::rules
