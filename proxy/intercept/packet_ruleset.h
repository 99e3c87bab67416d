// Generates the nftables script that drops SYNs and datagrams of listeners, or rejects them with an
// ICMP error, as the rules demand (rules/engine/syn_plan.h). No I/O.
//
// The nftables rules match packets at the hook input, where they have already been diverted to the
// listener's socket. They expire by themselves, even if Brownout has crashed: they match only
// address families in a set, whose elements have a timeout (nft(8), "Sets").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/engine/syn_plan.h"

namespace brownout::proxy {

// How nftables recognizes the packets of a listener and their original destination.
enum class PacketArrival {
  kDirect,      // by the listener's port; the destination is the listener itself
  kRedirected,  // by the listener's port; the original destination is in conntrack
  kMarked,      // by the packet's mark; the packet has its original destination (`brownout exec`)
};

struct PacketPort {
  std::string listener;
  PacketArrival arrival = PacketArrival::kDirect;
  std::uint16_t port = 0;  // port of the listener's socket; for kMarked, also the mark
  // address of the socket; no value for the wildcard address
  std::optional<rules::IpAddress> address = {};
  bool streams = true;
  bool datagrams = false;
  std::vector<rules::SynRule> rules = {};
};

// Returns the name of the nftables counter of a rule, from the index of its port and its index in
// PacketPort::rules.
std::string packet_counter(std::size_t port, std::size_t rule);

// Returns a script for nft that replaces the table `table` of an earlier script.
std::string packet_ruleset(std::span<const PacketPort> ports, const std::string& table);
// Returns a script that restarts the timeout of the rules.
std::string packet_refresh(const std::string& table);
std::string packet_removal(const std::string& table);

}  // namespace brownout::proxy
