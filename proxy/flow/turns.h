// Turns: measures the requests of one connection (or UDP session) as its client sees them, that is
// with the effect of all faults.
//
//   http, websocket  a request begins with the client's first bytes and ends when its answer begins
//   mqtt, nats,      requests and answers are parsed (rules/protocols/codec/request_watch.h)
//   redis, xmpp
//   any other        bytes are not parsed: a turn is a change from client bytes to server bytes.
//                    The duration of a turn does not show the speed of the server, and the last
//                    client bytes may need no answer, so durations and failures are not measured.
//
// Reports each request or turn to the host. At the end it reports a failure for each request
// without an answer, or one if the connection broke without any. Costs nothing unless
// Host::watched(). Member of its flow; loop's thread only.
#pragma once

#include <memory>
#include <vector>

#include "proxy/flow/host.h"
#include "rules/protocols/codec/request_watch.h"

namespace brownout::proxy {

class Turns {
 public:
  // `host` and `facts` are borrowed.
  Turns(Host& host, const rules::FlowFacts& facts, rules::Protocol protocol)
      : host_(host), facts_(facts), protocol_(protocol) {}

  // The client has sent something, whether or not it has been read yet.
  void asked() {
    if (since_ == kNever && host_.watched()) since_ = Loop::now();
  }
  // http and websocket: the answer begins.
  void answered(bool ok) {
    if (since_ != kNever) tell(ok);
  }
  // All other protocols: after each read from the client and each write to it. `bytes` may be empty
  // if spliced, except for protocols whose requests are parsed.
  void from_client(std::size_t size, codecs::ByteView bytes = {}) {
    if (host_.watched()) count(rules::Direction::kUpstream, size, bytes);
  }
  void to_client(std::size_t size, codecs::ByteView bytes = {}) {
    if (host_.watched()) count(rules::Direction::kDownstream, size, bytes);
  }
  // STARTTLS is complete: later bytes are inside TLS.
  void secured() {
    if (watch_) watch_->secured();
  }
  // http and websocket: the upgrade is granted; later bytes are not parsed.
  void upgraded();
  // The connection breaks, and the client is not the cause.
  void broke() { broken_ = true; }
  // The connection has ended; call last.
  void over();

 private:
  void tell(bool ok);
  void count(rules::Direction direction, std::size_t size, codecs::ByteView bytes);
  void watch(rules::Direction direction, codecs::ByteView bytes);
  void tell_turn();
  bool of_bytes() const { return upgraded_ || !protocol_.knows_requests(); }

  Host& host_;
  const rules::FlowFacts& facts_;
  const rules::Protocol protocol_;
  std::unique_ptr<messages::RequestWatch> watch_;  // parser of requests, if any; made when needed
  std::vector<messages::RequestWatch::Answer> answers_;
  Turned turned_;  // since the previous report to the host
  Instant since_ = kNever;
  bool broken_ = false;
  bool upgraded_ = false;
};

}  // namespace brownout::proxy
