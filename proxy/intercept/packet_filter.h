// PacketFilter runs nftables scripts in the network where the packets of clients arrive: this
// process's own, or that of `brownout exec`. Safe on any thread; a call takes a few milliseconds.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

class PacketFilter {
 public:
  virtual ~PacketFilter() = default;
  // Runs a script as one transaction, and returns its output as JSON (libnftables-json(5)).
  virtual rules::Result<std::string> run(const std::string& script) = 0;
};

// The network of this process, where scripts need CAP_NET_ADMIN.
class OwnPacketFilter final : public PacketFilter {
 public:
  rules::Result<std::string> run(const std::string& script) override;
};

// Whether scripts can change something. Tries it with a table that is removed at once.
bool can_change(PacketFilter& filter);

}  // namespace brownout::proxy
