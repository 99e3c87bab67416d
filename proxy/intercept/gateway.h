// The nftables rules that send others' connections to intercepting listeners: of local users and
// cgroups (at output), or of machines behind this one (at prerouting). In a table of its own.
//
// Only what begins is diverted: a connection by its SYN, a flow of datagrams when the kernel tracks
// it anew. A listener gets the family of its address; "[::]" gets IPv4 as well, unless another
// listener has that at its port. Sockets with kMark (Brownout's own) are left alone, so that
// nothing goes round in a loop, as are addresses of this machine itself.
//
// The rules hold for a limited time, after which the kernel lets everything new pass, whatever has
// become of Brownout: a set holds both protocol families, with a timeout (nft(8), "Sets"). What was
// diverted goes on: connections to the listener, until they end. Datagrams go past it, since a flow
// of them may never end: each flow is remembered in a set, and tracked anew, in a zone of its own
// (nft(8), "ct zone"), from then on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/intercept/ruleset.h"
#include "rules/base/address.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Of sockets that no rule redirects.
inline constexpr std::uint32_t kMark = 0x62726f77;
// Of packets that are delivered here although they are for others (TPROXY): they need a route of
// their own, kRouteTable.
inline constexpr std::uint32_t kDivertedMark = 0x62726f78;
inline constexpr std::uint32_t kRouteTable = 25199;
// Of the kernel's table of connections: where flows of datagrams are that were diverted once.
inline constexpr std::uint16_t kZone = 25199;

// Whom it means; an empty list of a kind narrows nothing. One of them is needed.
struct InterceptedClients {
  std::vector<std::uint32_t> uids = {};
  std::vector<std::string> cgroups = {};     // paths of cgroup v2, without /sys/fs/cgroup
  std::vector<std::string> interfaces = {};  // where they come in
  std::vector<rules::Prefix> prefixes = {};  // their own addresses

  bool local() const { return !uids.empty() || !cgroups.empty(); }
  bool remote() const { return !interfaces.empty() || !prefixes.empty(); }
};

// What an earlier table still does for connections that live.
struct LiveConnections {
  std::vector<std::uint16_t> ports = {};  // where the earlier table sent clients
  std::size_t redirected = 0;
  std::size_t diverted = 0;  // by TPROXY

  bool any() const { return redirected > 0 || diverted > 0; }
};

// A script for nft; it replaces a table of an earlier one, but for what the living need. Listeners
// that do not intercept, or are off, are passed over. `length` is in seconds.
std::string gateway_ruleset(const std::vector<rules::Listener>& listeners,
                            const InterceptedClients& clients, std::int64_t length,
                            const LiveConnections& live = {});
// Takes the table away, but for what the living need; does nothing if there is none.
std::string gateway_removal(const LiveConnections& live = {});
// Diverts nothing more, as when the time is over. Fails if there is no table.
std::string gateway_end();

// Whether clients of the family can be sent to the listener. `all`: of the file.
bool serves(const rules::Listener& listener, bool v4, const std::vector<rules::Listener>& all);
// Where datagrams are redirected.
std::vector<std::uint16_t> datagram_ports(const std::vector<rules::Listener>& listeners);

// What packets that TPROXY took need: a routing rule and a route, or their removal. Needs
// CAP_NET_ADMIN. Either may be there, or gone, already.
rules::Result<void> add_divert_route();
rules::Result<void> remove_divert_route();

}  // namespace brownout::proxy
