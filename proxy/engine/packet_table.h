// PacketTable keeps nftables rules that lose or answer SYNs and datagrams of listeners
// (proxy/intercept/packet_ruleset.h), and counts what they did. SynGate, its owner, locks.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/intercept/packet_filter.h"
#include "proxy/intercept/packet_ruleset.h"
#include "rules/base/instant.h"

namespace brownout::proxy {

class PacketTable {
 public:
  // SYNs and datagrams that a rule lost or answered.
  struct Count {
    std::string listener;
    rules::RuleRef rule;
    std::uint64_t count = 0;
  };

  explicit PacketTable(std::shared_ptr<PacketFilter> filter);
  PacketTable(const PacketTable&) = delete;
  PacketTable& operator=(const PacketTable&) = delete;
  // Removes the rules.
  ~PacketTable();

  // Replaces the rules if they differ from those in force. Ports without rules do not count.
  rules::Result<void> put(std::vector<PacketPort> ports, rules::Instant now);
  bool in_force() const { return !script_.empty(); }
  // Keeps the rules from expiring.
  rules::Result<void> refresh(rules::Instant now);
  // Returns what happened since the last call.
  std::vector<Count> take_counts();

 private:
  void count();

  const std::shared_ptr<PacketFilter> filter_;
  const std::string name_;
  std::string script_;  // "" if there is no table
  std::vector<PacketPort> ports_;
  std::map<std::string, std::uint64_t> seen_;  // the kernel's counters
  std::vector<Count> counts_;
  rules::Instant refreshed_{};
};

}  // namespace brownout::proxy
