// Helpers for sockets: system calls, and conversion between the kernel's addresses and
// rules::Endpoint. Safe on any thread.
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

// Socket address of IPv4, IPv6 or a unix socket.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  static SocketAddress of(const IpAddress& address, std::uint16_t port);
  // Returns the address of a unix path or a literal IP address; nothing for a host name.
  static std::optional<SocketAddress> of(const Endpoint& endpoint);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  std::optional<IpAddress> ip() const;
  std::uint16_t port() const;
};

// How bind_to() shares an address with other listeners of this process.
struct Sharing {
  bool ours = false;     // sockets of this process may already have the address
  bool v6_only = false;  // another listener serves IPv4 on that port
};
// Makes `count` non-blocking sockets of a type (SOCK_STREAM, SOCK_DGRAM), one for each worker, all
// bound to one address with SO_REUSEPORT. A unix socket cannot be shared, so there is one. Port 0
// selects one free port for all. Fails if another program has the address, which SO_REUSEPORT alone
// would allow. A stale unix socket file is replaced. "localhost" is 127.0.0.1; other names must be
// local (local_addresses()), since DNS is not asked.
//
// "[::]" accepts IPv4 too (IPV6_V6ONLY, ipv6(7)), whose addresses then appear in mapped form (RFC
// 4291, section 2.5.5.2). On a machine without IPv6 it means 0.0.0.0.
Result<std::vector<Fd>> bind_to(const Endpoint& endpoint, int type, std::size_t count,
                                Sharing sharing = {});
// Makes `count` TCP sockets as bind_to() does, and starts to listen. Accepted sockets inherit
// TCP_NODELAY.
Result<std::vector<Fd>> listen_on(const Endpoint& endpoint, int backlog, std::size_t count,
                                  Sharing sharing = {});

// Returns the address that the socket is bound to; empty on failure.
SocketAddress own_address(const Fd& fd);

// Returns the endpoint of a listening socket, with the port that the kernel chose.
Endpoint bound_to(const Fd& listening, const Endpoint& asked);

// A non-blocking socket whose connect has begun. `error` is 0 also if the connect is in progress
// (EINPROGRESS).
struct Dialled {
  Fd fd;
  int error = 0;           // errno of the connect; 0 if it may still succeed
  bool connected = false;  // the connect was completed at once
};
Dialled start_dial(const SocketAddress& address);
// Makes the socket that start_dial() connects, for callers that set options before the connect.
// Returns null and sets errno on failure.
Fd stream_socket(const SocketAddress& address);
Dialled start_dial(const SocketAddress& address, Fd fd);

// Allows the socket to be bound to, and to receive for, addresses of other machines
// (IP_TRANSPARENT, ip(7)). Needs CAP_NET_ADMIN; returns false and sets errno without it.
bool make_transparent(const Fd& fd);

// Returns the socket's pending error as an errno, and clears it (SO_ERROR); 0 if there is none.
int take_socket_error(const Fd& fd);

void set_option(const Fd& fd, int level, int name, int value);

// Keeps urgent data in the stream, in its place (RFC 6093, section 2.3; SO_OOBINLINE, socket(7)).
void keep_urgent_data(const Fd& fd);

// Probes the peer every 15 seconds (keepalive, tcp(7)). A peer that has closed its socket answers
// with a RST; a peer that has only half-closed does not.
void ask_whether_there(const Fd& fd);

// Makes close() send a RST and drop unsent bytes (SO_LINGER with 0, socket(7)).
void reset_on_close(const Fd& fd);

// Returns an error without a hint: `what`, then the system's text for the errno.
Error system_error(Origin origin, const std::string& what, int error_number);

}  // namespace brownout::proxy
