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
  // Sets the listener's settings and its servers after they have changed.
  virtual void set_view(std::shared_ptr<const ListenerView> view,
                        std::shared_ptr<UpstreamGroup> group) = 0;
  // Applies new rules to sessions and queries.
  virtual void apply(const rules::RuleSet& set) = 0;
  // Adds the UDP sessions that match, if the service has any.
  virtual void list(FlowList& /*list*/) const {}
  // Ends the session with this ordinal. Returns false if the service has no such session.
  virtual bool cut_session(std::uint64_t /*ordinal*/) { return false; }
  // Ends all sessions or queries.
  virtual void cut() = 0;
};

}  // namespace brownout::proxy
