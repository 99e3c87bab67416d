// EngineOptions: settings of an engine that the rule file does not contain.
#pragma once

#include "proxy/flow/host.h"
#include "proxy/intercept/interception.h"
#include "proxy/observe/event_log.h"

namespace brownout::proxy {

struct EngineOptions {
  unsigned workers = 1;
  EventSink* events = nullptr;       // injected faults and refusals; borrowed
  EventSink* flows = nullptr;        // flows that were opened, for `firewall diff`; borrowed
  FlowObserver* observer = nullptr;  // borrowed
  EventSink* stream = nullptr;       // faults, and flows that open and close; borrowed
  std::shared_ptr<Interception> interception = nullptr;  // null: a default one
  bool measure = false;  // measure requests and the loops' lag, for metrics
};

}  // namespace brownout::proxy
