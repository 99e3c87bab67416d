// Turns: measures the requests of one connection or UDP session as its client sees them, with the
// effect of all faults.
//
//  http, websocket  a request begins with the client's first bytes and ends when its answer begins
//  mqtt, nats,      requests and answers are parsed (rules/protocols/codec/request_watch.h)
//  redis, xmpp
//  any other        bytes are not parsed: counts replies, each a change from client bytes to
//                   server bytes. The time until a reply does not show the speed of the server,
//                   and the last client bytes may need no answer, so durations and failures are
//                   not measured.
//
// Reports each request or reply to the host. At the end, reports a failure for each request without
// an answer. If no request waits but the connection broke, reports one failure. Measures only if
// Host::watched(). Member of its flow; use only on the event loop's thread.
#pragma once

#include <memory>
#include <vector>

#include "proxy/flow/host.h"
#include "rules/protocols/codec/request_watch.h"

namespace brownout::proxy {

class Turns {
 public:
  // `host` and `facts` are borrowed, and must outlive this object.
  Turns(Host& host, const rules::FlowFacts& facts, rules::Protocol protocol)
      : host_(host), facts_(facts), protocol_(protocol) {}

  // Notes the time at which a request begins. Call when bytes of the client have arrived, even
  // before they are read.
  void asked() {
    if (since_ == kNever && host_.watched()) since_ = Loop::now();
  }
  // Reports the request as answered. Call when the answer begins, for http and websocket only.
  void answered(bool ok) {
    if (since_ != kNever) report_request(ok);
  }
  // Count and parse bytes. Call after each read from the client and each write to the client, but
  // not for http and websocket. `bytes` may be left out for protocols whose requests are not
  // parsed.
  void from_client(std::size_t size, codecs::ByteView bytes = {}) {
    if (host_.watched()) count(rules::Direction::kUpstream, size, bytes);
  }
  void to_client(std::size_t size, codecs::ByteView bytes = {}) {
    if (host_.watched()) count(rules::Direction::kDownstream, size, bytes);
  }
  // Tells the parser that later bytes are inside TLS. Call when STARTTLS is complete.
  void secured() {
    if (watch_) watch_->secured();
  }
  // Reports the request as answered; later bytes are counted but not parsed. Call when the server
  // grants an HTTP upgrade.
  void upgraded();
  // Records that the connection broke. Call only if the client is not the cause.
  void broke() { broken_ = true; }
  // Makes the last reports, including failures. Call last, when the connection has ended.
  void over();

 private:
  void report_request(bool ok);
  void count(rules::Direction direction, std::size_t size, codecs::ByteView bytes);
  void watch(rules::Direction direction, codecs::ByteView bytes);
  void report_turn();
  bool of_bytes() const { return upgraded_ || !protocol_.knows_requests(); }

  Host& host_;
  const rules::FlowFacts& facts_;
  const rules::Protocol protocol_;
  // Parser of requests, made at the first bytes; null for protocols whose requests are not parsed.
  std::unique_ptr<messages::RequestWatch> watch_;
  std::vector<messages::RequestWatch::Answer> answers_;
  Turned turned_;  // traffic that was not reported to the host yet
  Instant since_ = kNever;
  bool broken_ = false;
  bool upgraded_ = false;
};

}  // namespace brownout::proxy
