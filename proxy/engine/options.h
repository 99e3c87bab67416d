// EngineOptions: settings of an engine that the rule file does not contain. The caller of
// Engine::start() sets them.
#pragma once

#include "proxy/flow/host.h"
#include "proxy/intercept/interception.h"
#include "proxy/intercept/packet_filter.h"
#include "proxy/observe/event_log.h"

namespace brownout::proxy {

struct EngineOptions {
  unsigned workers = 1;
  // receives injected faults and refusals for the event log; not owned
  EventSink* events = nullptr;
  EventSink* flows = nullptr;        // receives opened flows for the log of flows; not owned
  FlowObserver* observer = nullptr;  // called for each request, for rehearsals; not owned
  // receives faults, and opened and closed flows, for the API; not owned
  EventSink* stream = nullptr;
  // finds original destinations; if null, the engine makes one
  std::shared_ptr<Interception> interception = nullptr;
  // nftables of the network namespace where the clients' packets arrive; null means the namespace
  // of this process
  std::shared_ptr<PacketFilter> packet_filter = nullptr;
  // The CA that issues certificates for listeners that intercept TLS and name no CA; or null.
  std::shared_ptr<const tls::Authority> authority = nullptr;
  // If false, listeners do not intercept TLS, for clients that would not trust the CA.
  bool decrypt = true;
  bool filter_syns = true;  // whether SYNs may be dropped by a kernel filter, if the kernel has one
  bool measure = false;     // measure requests and the delay of event loops, for metrics
};

}  // namespace brownout::proxy
