// Turns: what a client of a connection (or UDP session) asked for and got, as it looks to the
// client. A turn begins with the client's first bytes and ends with the first that go back to it,
// behind all faults: the response time of any protocol in which one side asks. The host is told of
// each turn, and at the end of a failed one if it was never answered or the connection broke.
//
// Costs nothing unless somebody watches. Loop's thread only.
#pragma once

#include "proxy/net/host.h"

namespace brownout::proxy {

class Turns {
 public:
  // Both are borrowed.
  Turns(Host& host, const rules::FlowFacts& facts) : host_(host), facts_(facts) {}

  void asked() {
    if (since_ == kNever && host_.watched()) since_ = Loop::now();
  }
  void answered(bool ok = true) {
    if (since_ != kNever) tell(ok);
  }
  // It breaks, through no fault of the client.
  void broke() { broken_ = true; }
  // The last that happens.
  void over();

 private:
  void tell(bool ok);

  Host& host_;
  const rules::FlowFacts& facts_;
  Instant since_ = kNever;
  bool broken_ = false;
};

}  // namespace brownout::proxy
