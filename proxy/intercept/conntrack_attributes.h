// Reads nested attributes from netlink messages of conntrack, the kernel's table of connections
// (linux/netfilter/nfnetlink_conntrack.h). Results point into the message. No I/O.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "proxy/net/socket.h"

namespace brownout::proxy {

// Returns the attribute of a type (CTA_...). Null if the message or parent has no such attribute,
// or if `parent` is null.
const nlattr* conntrack_attribute(const nlmsghdr* message, std::uint16_t type);
const nlattr* conntrack_attribute(const nlattr* parent, std::uint16_t type);

enum class TupleEnd { kSource, kDestination };
// Returns the source or destination address of an attribute CTA_TUPLE_...; nothing if its address
// or port is missing.
std::optional<SocketAddress> address_in(const nlattr* tuple, TupleEnd end);

}  // namespace brownout::proxy
