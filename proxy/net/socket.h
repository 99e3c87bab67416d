// System calls on sockets, and addresses between the kernel's form and ours. No state, no loop.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "proxy/loop/fd.h"
#include "rules/base/address.h"
#include "rules/base/result.h"

namespace brownout::proxy {

using rules::Endpoint;
using rules::Error;
using rules::IpAddress;
using rules::Origin;
using rules::Result;

// A socket address of any family that we use.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  static SocketAddress of(const IpAddress& address, std::uint16_t port);
  // The endpoint must be a unix path or hold a literal address.
  static std::optional<SocketAddress> of(const Endpoint& endpoint);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  std::optional<IpAddress> ip() const;
  std::uint16_t port() const;
};

// Sockets of a type (SOCK_STREAM, SOCK_DGRAM) bound to one address, non-blocking, one a worker
// (SO_REUSEPORT; a unix socket cannot be shared so, and gets one). Port 0 takes one free port for
// all. Fails when another program is there, which SO_REUSEPORT alone would allow. A unix socket
// that nobody listens on any more is replaced. "localhost" is 127.0.0.1; another name is one of
// this machine (local_addresses): no resolver is asked.
//
// "[::]" takes IPv4 too (ipv6(7), IPV6_V6ONLY), whose addresses are then seen in their mapped form
// (RFC 4291, 2.5.5.2); on a machine without IPv6 it is 0.0.0.0.
struct Sharing {
  bool ours = false;     // sockets of this program may be there already, and are joined
  bool v6_only = false;  // IPv4 on that port is another listener's
};
Result<std::vector<Fd>> bind_to(const Endpoint& endpoint, int type, std::size_t count,
                                Sharing sharing = {});
// The same, and they listen. Accepted sockets inherit TCP_NODELAY.
Result<std::vector<Fd>> listen_on(const Endpoint& endpoint, int backlog, std::size_t count,
                                  Sharing sharing = {});

// What the socket is bound to; no address if it is none.
SocketAddress own_address(const Fd& fd);

// Where a listening socket really listens: with the port the kernel chose.
Endpoint bound_to(const Fd& listening, const Endpoint& asked);

// A non-blocking socket and the start of its connect; EINPROGRESS is success.
struct Dialled {
  Fd fd;
  int error = 0;           // errno
  bool connected = false;  // at once
};
Dialled start_dial(const SocketAddress& address);
// The same in two steps, for a socket that needs something between: null and errno if there is
// none.
Fd stream_socket(const SocketAddress& address);
Dialled start_dial(const SocketAddress& address, Fd fd);

// Lets it be bound to, and be reached by, addresses of others (IP_TRANSPARENT, ip(7)); needs
// CAP_NET_ADMIN. False and errno if it may not.
bool make_transparent(const Fd& fd);

// The error that a socket has met, as errno; 0 if none.
int take_socket_error(const Fd& fd);

void set_option(const Fd& fd, int level, int name, int value);

// Urgent data stays in the stream, at its place (RFC 6093, 2.3; SO_OOBINLINE, socket(7)).
void keep_urgent_data(const Fd& fd);

// Asks the peer every 15 seconds whether it is still there (keepalive, tcp(7)): one that has closed
// its end answers with a RST, one that has only half-closed does not.
void ask_whether_there(const Fd& fd);

// Makes close() send a RST and forget what is unsent (SO_LINGER with 0, socket(7)).
void reset_on_close(const Fd& fd);

Error system_error(Origin origin, const std::string& what, int error_number);

}  // namespace brownout::proxy
