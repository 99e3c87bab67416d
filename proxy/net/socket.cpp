#include "proxy/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/net/resolver.h"

namespace brownout::proxy {
namespace {

Result<SocketAddress> resolve_now(const Endpoint& endpoint) {
  if (auto address = SocketAddress::of(endpoint)) return *address;
  // localhost is 127.0.0.1, whatever /etc/hosts says (RFC 6761, section 6.3).
  if (endpoint.host == "localhost") {
    return SocketAddress::of(IpAddress::v4({127, 0, 0, 1}), endpoint.port);
  }
  const auto addresses = local_addresses(endpoint.host);
  if (addresses.empty()) {
    return rules::config_error(
        "\"" + endpoint.host +
            "\" is not in /etc/hosts, and DNS is not used for an address to listen on",
        "give an address, e.g. \"127.0.0.1:" + std::to_string(endpoint.port) +
            "\", or add the name to /etc/hosts");
  }
  return SocketAddress::of(addresses.front(), endpoint.port);
}

// Removes the socket file that a killed process has left behind. A connect to such a file is
// refused; a live socket accepts it, or has a full backlog (EAGAIN).
void remove_stale_unix_socket(const SocketAddress& address, const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  const Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED) {
    unlink(path.c_str());
  }
}

// Returns a new socket that is bound to `address`. On failure, returns null and sets errno.
Fd bound_socket(const SocketAddress& address, int type, bool shared, bool v6_only) {
  const int family = address.storage.ss_family;
  Fd fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  if (family != AF_UNIX) {
    // Sets SO_REUSEADDR for TCP only: for UDP, it would let two programs share a port.
    if (type == SOCK_STREAM) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (type == SOCK_STREAM) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6_only ? 1 : 0);
  }
  if (bind(fd.get(), address.get(), address.length) == 0) return fd;
  const int error = errno;
  fd.reset();
  errno = error;
  return fd;
}

// Whether the address is in use by a client's connection, while no program listens there. The
// connection is open, or was closed less than a minute ago (TIME_WAIT).
bool is_a_clients(const Endpoint& endpoint, int type) {
  const auto address = SocketAddress::of(endpoint);
  if (type != SOCK_STREAM || endpoint.is_unix() || endpoint.is_any() || !address) return false;
  const Fd probe(socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), address->get(), address->length) == 0) return false;
  // A connect to a local address is answered at once. If it is refused, that is the socket's
  // pending error.
  return (errno == EINPROGRESS ? take_socket_error(probe) : errno) == ECONNREFUSED;
}

std::string listen_hint(const Endpoint& endpoint, int type, int error) {
  switch (error) {
    case EADDRINUSE:
      if (endpoint.is_unix()) {
        return "another program listens on this path, or a file has this name: stop the program, "
               "remove the file, or choose another path";
      }
      if (is_a_clients(endpoint, type)) {
        return "no program listens on this port, but an outgoing connection uses it, or used it "
               "less than a minute ago: choose a port outside net.ipv4.ip_local_port_range";
      }
      return "another program listens on this address: stop it, or choose another port (port 0 "
             "takes a free one)";
    case EACCES:
      if (endpoint.is_unix()) {
        return "brownout may not write to this folder: choose another folder, or change its "
               "permissions";
      }
      return "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE: choose a higher "
             "port";
    case EADDRNOTAVAIL:
      return "no interface of this machine has this address: choose an address of this machine, or "
             "0.0.0.0";
    case EMFILE:
    case ENFILE:
      return "too many files are open: raise `ulimit -n`";
    case ENOENT:
      return "make the folder of this path first, or choose another path";
    default:
      return "choose another address";
  }
}

}  // namespace

SocketAddress SocketAddress::of(const IpAddress& address, std::uint16_t port) {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data() + 12, 4);
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.length = sizeof v6;
  }
  return result;
}

std::optional<SocketAddress> SocketAddress::of(const Endpoint& endpoint) {
  if (!endpoint.is_unix()) {
    const auto ip = endpoint.ip();
    return ip ? std::optional(of(*ip, endpoint.port)) : std::nullopt;
  }
  SocketAddress result;
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  endpoint.path.copy(local.sun_path, sizeof local.sun_path - 1);
  std::memcpy(&result.storage, &local, sizeof local);
  result.length = sizeof local;
  return result;
}

std::optional<IpAddress> SocketAddress::ip() const {
  IpAddress address;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &v4.sin_addr, 4);
    return IpAddress::v4(octets);
  }
  if (storage.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof v6);
  std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  return address;
}

std::uint16_t SocketAddress::port() const {
  // Reads the port as sockaddr_in also for IPv6, since sin_port and sin6_port have the same offset
  // (RFC 3493, section 3.3).
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof v4);
  return storage.ss_family == AF_UNIX ? std::uint16_t{0} : ntohs(v4.sin_port);
}

void keep_urgent_data(const Fd& fd) { set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1); }

void set_option(const Fd& fd, int level, int name, int value) {
  setsockopt(fd.get(), level, name, &value, sizeof value);
}

Error cannot_listen(const Endpoint& endpoint, int type, int error_number) {
  auto error = system_error(Origin::kConfig, "cannot listen on " + to_text(endpoint), error_number);
  error.hint = listen_hint(endpoint, type, error_number);
  return error;
}

// Returns `asked`, or 0.0.0.0 in place of [::] on a machine without IPv6.
SocketAddress available(const SocketAddress& asked) {
  if (asked.ip() != IpAddress{}) return asked;
  const Fd probe(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe || errno != EAFNOSUPPORT ? asked
                                        : SocketAddress::of(IpAddress::v4({}), asked.port());
}

Result<std::vector<Fd>> bind_to(const Endpoint& endpoint, int type, std::size_t count,
                                Sharing sharing) {
  const auto address = resolve_now(endpoint);
  if (!address) return tl::unexpected(address.error());
  if (endpoint.is_unix()) {
    remove_stale_unix_socket(*address, endpoint.path);
    count = 1;
  }
  auto where = available(*address);
  // Only a socket on [::] may serve both address families: any other address belongs to one family.
  const bool v6_only = sharing.v6_only || where.ip() != IpAddress{};
  if (!sharing.ours || endpoint.is_unix()) {
    const auto exclusive = bound_socket(where, type, false, v6_only);
    if (!exclusive) return tl::unexpected(cannot_listen(endpoint, type, errno));
    // Tries listen() too: with SO_REUSEADDR, bind() succeeds beside a socket that does not listen
    // yet, but listen() fails.
    const bool probe = type == SOCK_STREAM && !endpoint.is_unix();
    if (probe && listen(exclusive.get(), 1) != 0) {
      return tl::unexpected(cannot_listen(endpoint, type, errno));
    }
    where = own_address(exclusive);
    if (endpoint.is_unix()) unlink(endpoint.path.c_str());
  }
  std::vector<Fd> sockets;
  while (sockets.size() < count) {
    auto fd = bound_socket(where, type, true, v6_only);
    if (!fd) return tl::unexpected(cannot_listen(endpoint, type, errno));
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

Result<std::vector<Fd>> listen_on(const Endpoint& endpoint, int backlog, std::size_t count,
                                  Sharing sharing) {
  auto sockets = bind_to(endpoint, SOCK_STREAM, count, sharing);
  if (!sockets) return sockets;
  for (const auto& fd : *sockets) {
    if (listen(fd.get(), backlog) != 0) {
      return tl::unexpected(cannot_listen(endpoint, SOCK_STREAM, errno));
    }
  }
  return sockets;
}

SocketAddress own_address(const Fd& fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (getsockname(fd.get(), address.get(), &address.length) != 0) address = {};
  return address;
}

Endpoint bound_to(const Fd& listening, const Endpoint& asked) {
  if (asked.is_unix()) return asked;
  const auto address = own_address(listening);
  const auto ip = address.ip();
  return ip ? Endpoint{to_text(*ip), address.port(), ""} : asked;
}

bool make_transparent(const Fd& fd) {
  // Tries IP_TRANSPARENT, then IPV6_TRANSPARENT, which sets the same flag of an IPv6 socket.
  const int enabled = 1;
  return setsockopt(fd.get(), SOL_IP, IP_TRANSPARENT, &enabled, sizeof enabled) == 0 ||
         setsockopt(fd.get(), SOL_IPV6, IPV6_TRANSPARENT, &enabled, sizeof enabled) == 0;
}

Fd stream_socket(const SocketAddress& address) {
  return Fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Dialled start_dial(const SocketAddress& address) {
  return start_dial(address, stream_socket(address));
}

Dialled start_dial(const SocketAddress& address, Fd fd) {
  Dialled dialled;
  dialled.fd = std::move(fd);
  if (!dialled.fd) {
    dialled.error = errno;
    return dialled;
  }
  if (address.storage.ss_family != AF_UNIX) {
    set_option(dialled.fd, IPPROTO_TCP, TCP_NODELAY, 1);
    keep_urgent_data(dialled.fd);
  }
  if (connect(dialled.fd.get(), address.get(), address.length) == 0) {
    dialled.connected = true;
  } else if (errno != EINPROGRESS) {
    dialled.error = errno;
  }
  return dialled;
}

int take_socket_error(const Fd& fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void ask_whether_there(const Fd& fd) {
  constexpr int kSeconds = 15;
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kSeconds);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void reset_on_close(const Fd& fd) {
  const linger now{1, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Error system_error(Origin origin, const std::string& what, int error_number) {
  return Error{origin, what + ": " + std::strerror(error_number), {}, {}};
}

}  // namespace brownout::proxy
