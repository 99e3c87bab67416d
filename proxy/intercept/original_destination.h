// Finds the original destination of clients that the kernel redirected to a listener.
#pragma once

#include <memory>
#include <optional>

#include "proxy/net/socket.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Returns, for an accepted connection, SO_ORIGINAL_DST after REDIRECT (linux/netfilter_ipv4.h, also
// for IPv6), or the socket's local address after TPROXY. Returns nothing if the client connected to
// the listener itself, on `port`.
std::optional<SocketAddress> original_destination(const Fd& accepted, rules::Intercept how,
                                                  std::uint16_t port);

// Conntrack finds the original destination of redirected datagrams, which do not carry it any more.
// It queries the kernel's connection tracking table (netlink,
// linux/netfilter/nfnetlink_conntrack.h). Safe on any thread.
class Conntrack {
 public:
  // Opens the table of this process's network namespace; needs CAP_NET_ADMIN there.
  static Result<std::unique_ptr<Conntrack>> open();
  explicit Conntrack(Fd netlink);
  ~Conntrack();

  // `client` is the sender of a datagram, `local` the address that received it.
  std::optional<SocketAddress> destination_of(const SocketAddress& client,
                                              const SocketAddress& local) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brownout::proxy
