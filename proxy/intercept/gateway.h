// Generates the nftables rules that redirect other programs' connections to intercepting listeners.
// The clients are local users and cgroups (in the chain output), or machines behind this one (in
// the chain prerouting). No I/O.
//
// Only new traffic is diverted: a connection at its SYN, a UDP flow when conntrack creates its
// entry. A listener gets clients of the address family of its own address; "[::]" gets IPv4 as
// well, unless another listener has IPv4 at the same port. Brownout's own sockets (kMark) are
// exempt, which prevents loops. Traffic to this machine's own addresses is exempt, too.
//
// The rules expire by themselves, even if Brownout has crashed. They match only address families in
// an nftables set, whose elements have a timeout (nft(8), "Sets"). After that, new traffic passes
// untouched. Diverted connections stay with the listener until they end. UDP flows may never end,
// so they leave the listener: each flow is stored in a set, and tracked again in a separate
// conntrack zone (nft(8), "ct zone").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/intercept/ruleset.h"
#include "rules/base/address.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Mark (SO_MARK) of Brownout's own sockets, which no nftables rule redirects.
inline constexpr std::uint32_t kMark = 0x62726f77;
// Mark of packets that TPROXY gives to a local socket although their destination is another
// machine. The routing table kRouteTable makes that possible.
inline constexpr std::uint32_t kDivertedMark = 0x62726f78;
inline constexpr std::uint32_t kRouteTable = 25199;
// Conntrack zone of UDP flows that were diverted before the rules expired.
inline constexpr std::uint16_t kZone = 25199;

// Selects the clients to divert. At least one list must not be empty. An empty list restricts
// nothing.
struct InterceptedClients {
  std::vector<std::uint32_t> uids = {};
  std::vector<std::string> cgroups = {};  // paths of cgroup v2, below /sys/fs/cgroup
  std::vector<std::string> interfaces =
      {};  // network interfaces at which packets of clients arrive
  std::vector<rules::Prefix> prefixes = {};  // networks of the clients' addresses

  bool local() const { return !uids.empty() || !cgroups.empty(); }
  bool remote() const { return !interfaces.empty() || !prefixes.empty(); }
};

// The open connections that need nftables rules which are about to be replaced.
struct LiveConnections {
  std::vector<std::uint16_t> ports = {};  // ports to which the earlier rules redirected
  std::size_t redirected = 0;             // number of connections that REDIRECT has redirected
  std::size_t diverted = 0;               // number of connections that TPROXY has taken

  bool any() const { return redirected > 0 || diverted > 0; }
};

// Returns a script for nft that replaces earlier rules of Brownout, but keeps what open connections
// need. Skips listeners that are disabled or do not intercept. `length` is in seconds.
std::string gateway_ruleset(const std::vector<rules::Listener>& listeners,
                            const InterceptedClients& clients, std::int64_t length,
                            const LiveConnections& live = {});
// Returns a script for nft that removes the rules of Brownout, but keeps what open connections
// need. Does nothing if there are no rules.
std::string gateway_removal(const LiveConnections& live = {});
// Returns a script for nft that ends diverting new traffic, as the timeout does. The script fails
// if there are no rules of Brownout.
std::string gateway_end();

// Whether the listener gets clients of the address family (IPv4 if `v4`). `all` are the file's
// listeners.
bool serves(const rules::Listener& listener, bool v4, const std::vector<rules::Listener>& all);
// Returns the ports of the listeners to which datagrams are redirected.
std::vector<std::uint16_t> datagram_ports(const std::vector<rules::Listener>& listeners);

// Adds the routing rule and route for packets that TPROXY takes. Succeeds if they are present
// already. Needs CAP_NET_ADMIN.
rules::Result<void> add_divert_route();
rules::Result<void> remove_divert_route();

}  // namespace brownout::proxy
