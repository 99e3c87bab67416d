// Makes this process's network one in which every address of the world is its own: what its
// processes send to anybody arrives here. Called in a process that has no threads and is about to
// become somebody's.
#pragma once

#include <vector>

#include "rules/base/address.h"
#include "rules/base/result.h"

namespace brownout::proxy {

// Leaves the machine's network for a new one, without a device that is up. Whoever is not root gets
// a user namespace with it, which they own (user_namespaces(7)): it needs maps before anything
// else.
struct Unshared {
  bool user_namespace = false;
};
rules::Result<Unshared> unshare_network();
// For a person whose machine does not let them: which setting it is.
rules::Error why_not_unshared(int error_number);

// Up, with `own` as its addresses, and a route by which all others are local too. IPv6 is left out
// where `own` has no such address, as programs expect then.
rules::Result<void> make_all_local(const std::vector<rules::IpAddress>& own);

// The addresses by which others know this machine: one of each family at most, no loopback. Where
// it has none, an IPv4 address that is nobody's.
std::vector<rules::IpAddress> own_addresses();

// Programs of glibc ask these services of the machine instead of sending DNS queries: from now on
// they seem not to run. Only in the mount namespace of its own that this makes.
rules::Result<void> hide_name_services();

}  // namespace brownout::proxy
