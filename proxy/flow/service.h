// What serves one listener on one worker by datagrams (UDP, DNS), as the acceptor does by
// connections. Owned by its worker. Loop's thread only.
#pragma once

#include <memory>

#include "proxy/flow/host.h"
#include "proxy/net/upstream_group.h"

namespace brownout::proxy {

class Service : public Retirable {
 public:
  // The listener's settings or its servers changed.
  virtual void set_view(std::shared_ptr<const ListenerView> view,
                        std::shared_ptr<UpstreamGroup> group) = 0;
  // The rules changed.
  virtual void apply(const rules::RuleSet& set) = 0;
  // Adds its sessions, if it has any.
  virtual void list(FlowList& /*list*/) const {}
  // Forgets that session; false if there is none.
  virtual bool cut_session(std::uint64_t /*ordinal*/) { return false; }
  // Forgets all flows.
  virtual void cut() = 0;
};

}  // namespace brownout::proxy
