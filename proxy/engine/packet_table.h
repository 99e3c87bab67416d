// PacketTable is an nftables table that drops the SYNs and datagrams of listeners or rejects them
// with an ICMP error (proxy/intercept/packet_ruleset.h), and counts them. Owned by a SynGate, which
// calls it under its lock.
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
  // The number of SYNs and datagrams that a rule dropped or rejected.
  struct Count {
    std::string listener;
    rules::RuleRef rule;
    std::uint64_t count = 0;
  };

  explicit PacketTable(std::shared_ptr<PacketFilter> filter);
  PacketTable(const PacketTable&) = delete;
  PacketTable& operator=(const PacketTable&) = delete;
  // Removes the table.
  ~PacketTable();

  // Replaces the nftables rules if they differ from the present ones. Ports without rules are
  // ignored.
  rules::Result<void> put(std::vector<PacketPort> ports, rules::Instant now);
  bool in_force() const { return !script_.empty(); }
  // Keeps the nftables rules from expiring. Call at least every ten seconds.
  rules::Result<void> refresh(rules::Instant now);
  // Returns the counts since the last call.
  std::vector<Count> take_counts();

 private:
  void count();

  const std::shared_ptr<PacketFilter> filter_;
  const std::string name_;
  std::string script_;  // the nftables script in force; "" if there is no table
  std::vector<PacketPort> ports_;
  std::map<std::string, std::uint64_t> seen_;  // the kernel's counters at the last reading, by name
  std::vector<Count> counts_;
  rules::Instant refreshed_{};
};

}  // namespace brownout::proxy
