// PacketFilter runs nftables scripts in the network namespace where the packets of clients arrive:
// the namespace of this process, or of the command of `brownout exec`. Safe on any thread; a call
// takes a few milliseconds.
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

// Runs scripts in the network namespace of this process, which needs CAP_NET_ADMIN.
class OwnPacketFilter final : public PacketFilter {
 public:
  rules::Result<std::string> run(const std::string& script) override;
};

// Whether this process may change nftables. Creates a table and removes it at once to find out.
bool can_change(PacketFilter& filter);

}  // namespace brownout::proxy
