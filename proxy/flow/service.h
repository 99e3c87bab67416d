// Service: interface of the objects that serve datagram listeners (UDP, DNS), one per listener and
// worker. Listeners of connections have an Acceptor instead. Owned by its worker
// (proxy/engine/worker.h); use only on the event loop's thread.
#pragma once

#include <memory>

#include "proxy/flow/host.h"
#include "proxy/net/upstream_group.h"

namespace brownout::proxy {

class Service : public Retirable {
 public:
  // Call after the listener's settings or its servers have changed.
  virtual void set_view(std::shared_ptr<const ListenerView> view,
                        std::shared_ptr<UpstreamGroup> group) = 0;
  // Call after the rules have changed.
  virtual void apply(const rules::RuleSet& set) = 0;
  // Adds the service's sessions, if any, to `list`.
  virtual void list(FlowList& /*list*/) const {}
  // Ends the session with this ordinal; false if there is none.
  virtual bool cut_session(std::uint64_t /*ordinal*/) { return false; }
  // Ends all flows.
  virtual void cut() = 0;
};

}  // namespace brownout::proxy
