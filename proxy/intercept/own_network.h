// Sets up the network namespace of `brownout exec`. Every address is local in it, so that all
// traffic of its processes arrives at local sockets.
//
// Call these functions in a process without other threads, which then runs the command.
#pragma once

#include <string>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/result.h"

namespace brownout::proxy {

// Whether unshare_network() also created a user namespace, which needs id maps before use
// (user_namespaces(7)).
struct Unshared {
  bool user_namespace = false;
};
rules::Result<Unshared> unshare_network();
// Explains why unshare_network() failed with this errno, and names the system setting that forbids
// it.
rules::Error why_not_unshared(int error_number);
// Returns the error of a step after unshare_network(), such as "opening a socket".
rules::Error cannot_set_up_network(const std::string& step, int error_number);

// Enables loopback with the addresses `own`, and adds a route that makes all other addresses local.
// Configures IPv6 only if `own` has an IPv6 address, so that programs find the same address
// families as outside.
rules::Result<void> make_all_local(const std::vector<rules::IpAddress>& own);

// Returns the machine's addresses without loopback, at most one of each family. On a machine
// without a network, returns an IPv4 address that is reserved for documentation.
std::vector<rules::IpAddress> own_addresses();

// A file that the command finds in place of another one.
struct ReplacedFile {
  std::string file;
  std::string path;  // where the command finds it
};

// Hides systemd-resolved and nscd, which glibc would use instead of sending DNS queries, and
// replaces files. Creates a new mount namespace for this, so that the machine is not affected. A
// file that cannot be replaced stays as it is.
rules::Result<void> make_own_mounts(const std::vector<ReplacedFile>& files);

}  // namespace brownout::proxy
