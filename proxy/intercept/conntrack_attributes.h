// Reads nested attributes from netlink messages of the kernel's connection tracking table,
// conntrack (linux/netfilter/nfnetlink_conntrack.h). Results point into the message. Pure: no I/O.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "proxy/net/socket.h"

namespace brownout::proxy {

// Finds the attribute of a type (CTA_...). Returns null if there is none, or if `parent` is null.
const nlattr* conntrack_attribute(const nlmsghdr* message, std::uint16_t type);
const nlattr* conntrack_attribute(const nlattr* parent, std::uint16_t type);

// The source or destination of a CTA_TUPLE_... attribute; nothing if the address or the port is
// missing.
enum class TupleEnd { kSource, kDestination };
std::optional<SocketAddress> address_in(const nlattr* tuple, TupleEnd end);

}  // namespace brownout::proxy
