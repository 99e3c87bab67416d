// Attributes in the messages of the kernel's table of connections, which nest
// (linux/netfilter/nfnetlink_conntrack.h). They point into the message. Pure.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "proxy/net/socket.h"

namespace brownout::proxy {

// Null if there is none of that type (CTA_...), or no parent.
const nlattr* conntrack_attribute(const nlmsghdr* message, std::uint16_t type);
const nlattr* conntrack_attribute(const nlattr* parent, std::uint16_t type);

// Of a CTA_TUPLE_...; none where it has no address or port.
enum class TupleEnd { kSource, kDestination };
std::optional<SocketAddress> address_in(const nlattr* tuple, TupleEnd end);

}  // namespace brownout::proxy
