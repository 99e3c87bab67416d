#include "proxy/intercept/own_network.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "proxy/intercept/route_message.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {
namespace {

using rules::Error;
using rules::IpAddress;
using rules::Origin;
using rules::Result;

constexpr std::array kNameServices{"/run/systemd/resolve/io.systemd.Resolve", "/run/nscd/socket",
                                   "/var/run/nscd/socket"};

// Address of the namespace if the machine itself has none, from TEST-NET-1 (RFC 5737, section 3).
// Without an address, DNS queries would have no route, and names from a [[zone]] would not resolve.
const IpAddress kNobodys = IpAddress::v4({192, 0, 2, 1});

tl::unexpected<Error> setup_failed(const std::string& step, int error_number = errno) {
  return tl::unexpected(cannot_set_up_network(step, error_number));
}

// Returns the number in a file of /proc; -1 on failure.
long setting(const char* path) {
  std::ifstream file(path);
  long value = -1;
  return file >> value ? value : -1;
}

Result<void> add_address(unsigned device, const IpAddress& ip) {
  RouteMessage message(RTM_NEWADDR, true);
  auto& head = message.head<ifaddrmsg>();
  head.ifa_family = ip.is_v4() ? AF_INET : AF_INET6;
  head.ifa_index = device;
  head.ifa_flags = IFA_F_NODAD;
  head.ifa_prefixlen = ip.is_v4() ? 32 : 128;
  message.put(IFA_LOCAL, ip);
  message.put(IFA_ADDRESS, ip);
  if (const int error = message.send(); error != 0) {
    return setup_failed("adding " + to_text(ip) + " to the loopback device of that network", error);
  }
  return {};
}

// Does the same as `ip route add local default dev lo src ...`.
Result<void> add_route(unsigned device, const IpAddress& source) {
  RouteMessage message(RTM_NEWROUTE, true);
  auto& head = message.head<rtmsg>();
  head.rtm_family = source.is_v4() ? AF_INET : AF_INET6;
  head.rtm_table = RT_TABLE_LOCAL;
  head.rtm_protocol = RTPROT_BOOT;
  head.rtm_scope = RT_SCOPE_HOST;
  head.rtm_type = RTN_LOCAL;
  message.put(RTA_OIF, device);
  message.put(RTA_PREFSRC, source);
  if (const int error = message.send(); error != 0) {
    return setup_failed("adding a route to the loopback device of that network", error);
  }
  return {};
}

Result<void> bring_up(const char* device) {
  const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, device, sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0)
    return setup_failed("switching on the loopback device of that network");
  return {};
}

}  // namespace

Result<Unshared> unshare_network() {
  if (geteuid() == 0 && unshare(CLONE_NEWNET) == 0) return Unshared{};
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) return Unshared{.user_namespace = true};
  return tl::unexpected(why_not_unshared(errno));
}

Error cannot_set_up_network(const std::string& step, int error_number) {
  auto error = system_error(Origin::kInternal, "cannot set up the command's own network: " + step,
                            error_number);
  error.hint =
      "run brownout as root; in a container, allow it the capabilities NET_ADMIN and SYS_ADMIN";
  return error;
}

Error why_not_unshared(int error_number) {
  auto error = system_error(Origin::kInternal, "cannot make a network namespace for the command",
                            error_number);
  if (setting("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
    error.hint =
        "user namespaces are switched off; as root: sysctl kernel.unprivileged_userns_clone=1";
  } else if (setting("/proc/sys/user/max_user_namespaces") == 0) {
    error.hint = "user namespaces are switched off; as root: sysctl user.max_user_namespaces=10000";
  } else if (setting("/proc/sys/user/max_net_namespaces") == 0) {
    error.hint =
        "network namespaces are switched off; as root: sysctl user.max_net_namespaces=10000";
  } else if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
    error.hint =
        "AppArmor restricts user namespaces; run brownout as root, or as root: sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0";
  } else {
    error.hint =
        "run brownout as root; in a container, also allow unshare(2) in the seccomp profile";
  }
  return error;
}

std::vector<IpAddress> own_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::vector<IpAddress> found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    SocketAddress address;
    address.length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&address.storage, entry->ifa_addr, address.length);
    const auto ip = *address.ip();
    // Leaves out link-local addresses (fe80::/10), which are valid on their own link only.
    const bool link_local = !ip.is_v4() && ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80;
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](const auto& other) { return other.is_v4() == ip.is_v4(); });
    if (!ip.is_loopback() && !link_local && !known) found.push_back(ip);
  }
  if (found.empty()) found.push_back(kNobodys);
  return found;
}

Result<void> make_all_local(const std::vector<IpAddress>& own) {
  if (auto up = bring_up("lo"); !up) return up;
  const auto device = if_nametoindex("lo");
  for (const auto& ip : own) {
    if (auto added = add_address(device, ip); !added) return added;
    if (auto added = add_route(device, ip); !added) return added;
  }
  return {};
}

Result<void> make_own_mounts(const std::vector<ReplacedFile>& files) {
  const bool any = std::any_of(kNameServices.begin(), kNameServices.end(),
                               [](const char* path) { return access(path, F_OK) == 0; });
  if (!any && files.empty()) return {};
  if (unshare(CLONE_NEWNS) != 0) {
    return any ? setup_failed("making a mount namespace") : Result<void>();
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return setup_failed("making the mounts of that namespace private");
  for (const auto* path : kNameServices) {
    if (access(path, F_OK) != 0) continue;
    if (mount("/dev/null", path, nullptr, MS_BIND, nullptr) != 0) {
      return setup_failed("hiding " + std::string(path));
    }
  }
  for (const auto& [file, path] : files) {
    mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr);
  }
  return {};
}

}  // namespace brownout::proxy
