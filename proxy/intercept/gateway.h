// The nftables rules that send others' connections to intercepting listeners: of local users and
// cgroups (at output), or of machines behind this one (at prerouting). In a table of its own.
//
// The rules hold for a limited time, after which the kernel lets everything pass again, whatever
// has become of Brownout: a set holds both protocol families, with a timeout (nft(8), "Sets").
// Sockets with kMark (Brownout's own) are left alone, so that nothing goes round in a loop, as are
// addresses of this machine itself.
#pragma once

#include <string>
#include <vector>

#include "proxy/intercept/ruleset.h"
#include "rules/address.h"
#include "rules/config.h"

namespace brownout::proxy {

// Of sockets that no rule redirects.
inline constexpr std::uint32_t kMark = 0x62726f77;
// Of packets that are delivered here although they are for others (TPROXY): they need a route of
// their own, kRouteTable.
inline constexpr std::uint32_t kDivertedMark = 0x62726f78;
inline constexpr std::uint32_t kRouteTable = 25199;

// Whom it means; an empty list of a kind narrows nothing. One of them is needed.
struct InterceptedClients {
  std::vector<std::uint32_t> uids = {};
  std::vector<std::string> cgroups = {};     // paths of cgroup v2, without /sys/fs/cgroup
  std::vector<std::string> interfaces = {};  // where they come in
  std::vector<rules::Prefix> prefixes = {};  // their own addresses

  bool local() const { return !uids.empty() || !cgroups.empty(); }
  bool remote() const { return !interfaces.empty() || !prefixes.empty(); }
};

// A script for nft; it replaces a table of an earlier one. Listeners that do not intercept, or are
// off, are passed over. `length` is in seconds.
std::string gateway_ruleset(const std::vector<rules::Listener>& listeners,
                            const InterceptedClients& clients, std::int64_t length);
// Takes the table away; does nothing if there is none.
std::string gateway_removal();

// What packets that TPROXY took need: a routing rule and a route, or their removal. Needs
// CAP_NET_ADMIN. Either may be there, or gone, already.
rules::Result<void> add_divert_route();
rules::Result<void> remove_divert_route();

}  // namespace brownout::proxy
