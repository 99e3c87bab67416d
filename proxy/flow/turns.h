// Turns measures the traffic of one connection or UDP session as its client sees it, including the
// effect of all faults. The protocol of the listener decides what is measured:
//
//  HTTP requests        The duration and success of each request. A request begins when the
//  (http, websocket,    client's first bytes arrive, and ends when its response begins.
//  sse and others)
//  messages with        The duration and success of each request. The requests and their answers
//  answers (mqtt,       are parsed (rules/protocols/codec/request_watch.h).
//  redis, and others)
//  all others (tcp,     The number of replies, and of bytes. Nothing is parsed: a reply is counted
//  tls, udp ...), and   when bytes of the server follow bytes of the client. Durations are not
//  HTTP after an        measured, since the bytes of the server need not be an answer. Failures are
//  upgrade              not measured, since the last bytes of the client may need no answer.
//
// Reports each request with Host::served(), and replies and bytes with Host::turned(). When the
// connection ends, reports a failure for each request without an answer. If no request waits for an
// answer but the connection broke, reports one failure. Measures only if Host::watched() is true.
// Member of its flow; use only on the event loop's thread.
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
