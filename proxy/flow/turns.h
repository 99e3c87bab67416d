// Turns: what a client of a connection (or UDP session) asked for and got, as it looks to the
// client: behind all faults.
//
//   http, websocket  a request begins with the client's first bytes and ends when its answer begins
//   mqtt, xmpp       requests and answers are found in the bytes (messages/request_watch.h)
//   any other        nobody knows what its bytes mean: a turn is that some of the server's follow
//                    some of the client's. How long that took says nothing of the server, and what
//                    is not followed by anything may have been a goodbye: neither is judged.
//
// The host is told of each request or turn, and at the end of each request that was not answered,
// or that the connection broke before one. Costs nothing unless somebody watches. Loop's thread
// only.
#pragma once

#include <memory>
#include <vector>

#include "proxy/flow/host.h"
#include "rules/protocols/codec/request_watch.h"

namespace brownout::proxy {

class Turns {
 public:
  // Both are borrowed.
  Turns(Host& host, const rules::FlowFacts& facts, rules::Protocol protocol)
      : host_(host), facts_(facts), protocol_(protocol) {}

  // There is something from the client, whether or not it can be read yet.
  void asked() {
    if (since_ == kNever && host_.watched()) since_ = Loop::now();
  }
  // Of http and websocket: the answer begins.
  void answered(bool ok) {
    if (since_ != kNever) tell(ok);
  }
  // Of all others: what was read from the client, and what was written to it. `bytes` may be empty
  // where they are not known (spliced), but for mqtt and xmpp.
  void from_client(std::size_t size, codecs::ByteView bytes = {}) {
    if (host_.watched()) count(rules::Direction::kUpstream, size, bytes);
  }
  void to_client(std::size_t size, codecs::ByteView bytes = {}) {
    if (host_.watched()) count(rules::Direction::kDownstream, size, bytes);
  }
  // Both ends speak inside TLS from here on.
  void secured() {
    if (watch_) watch_->secured();
  }
  // Of http and websocket: the request is granted, and nobody knows what the bytes mean from here.
  void upgraded();
  // It breaks, through no fault of the client.
  void broke() { broken_ = true; }
  // The last that happens.
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
  std::unique_ptr<messages::RequestWatch> watch_;  // of mqtt and xmpp, once there are bytes
  std::vector<messages::RequestWatch::Answer> answers_;
  Turned turned_;  // since the host was told
  Instant since_ = kNever;
  bool broken_ = false;
  bool upgraded_ = false;
};

}  // namespace brownout::proxy
