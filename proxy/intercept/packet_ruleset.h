// Generates the nftables rules that lose or answer SYNs and datagrams as the rules say
// (rules/engine/syn_plan.h). No I/O.
//
// The rules look at packets on their way to a listener's socket (hook input), so they need not know
// which clients are diverted. They expire by themselves, even if Brownout has crashed: they match
// only address families in a set, whose elements have a timeout (nft(8), "Sets").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/engine/syn_plan.h"

namespace brownout::proxy {

// How to know the packets of a listener, and where they were meant to go.
enum class PacketArrival {
  kDirect,      // by the port of the listener
  kRedirected,  // the same; the original destination is in conntrack
  kMarked,      // by a mark of the packet, which keeps its destination (network of `exec`)
};

struct PacketPort {
  std::string listener;
  PacketArrival arrival = PacketArrival::kDirect;
  std::uint16_t port = 0;                        // of the listener's socket; also the mark
  std::optional<rules::IpAddress> address = {};  // of the socket; no value for all addresses
  bool streams = true;
  bool datagrams = false;
  std::vector<rules::SynRule> rules = {};
};

// The name of the counter of a rule, from its places in the lists.
std::string packet_counter(std::size_t port, std::size_t rule);

// Returns a script for nft that replaces the table `table` of an earlier script.
std::string packet_ruleset(std::span<const PacketPort> ports, const std::string& table);
// Returns a script that keeps the rules from expiring.
std::string packet_refresh(const std::string& table);
std::string packet_removal(const std::string& table);

}  // namespace brownout::proxy
