// EngineOptions: settings of an engine that the rule file does not contain.
#pragma once

#include "proxy/flow/host.h"
#include "proxy/intercept/interception.h"
#include "proxy/observe/event_log.h"

namespace brownout::proxy {

struct EngineOptions {
  unsigned workers = 1;
  EventSink* events = nullptr;       // receives injected faults and refusals; not owned
  EventSink* flows = nullptr;        // receives opened flows, for `firewall diff`; not owned
  FlowObserver* observer = nullptr;  // sees requests, for rehearsals; not owned
  EventSink* stream = nullptr;       // receives faults, and flows that open or close; not owned
  std::shared_ptr<Interception> interception = nullptr;  // null: the engine makes one
  bool measure = false;  // measure requests and the delay of event loops, for metrics
};

}  // namespace brownout::proxy
