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
  FlowObserver* observer = nullptr;  // is told of each request, for rehearsals; not owned
  // receives faults, and opened and closed flows, for the API; not owned
  EventSink* stream = nullptr;
  // finds original destinations; if null, the engine makes one
  std::shared_ptr<Interception> interception = nullptr;
  // nftables where the clients' packets arrive; if null, that of this process's network
  std::shared_ptr<PacketFilter> packet_filter = nullptr;
  // The CA that mints certificates where a listener that decrypts names none; or null.
  std::shared_ptr<const tls::Authority> authority = nullptr;
  // If false, listeners decrypt nothing: clients would not trust the certificates.
  bool decrypt = true;
  bool filter_syns = true;  // whether the kernel's filter of SYNs is used, if it has one
  bool measure = false;     // measure requests and the delay of event loops, for metrics
};

}  // namespace brownout::proxy
