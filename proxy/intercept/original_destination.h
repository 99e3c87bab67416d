// Finds the original destination of clients that the kernel redirected to a listener. Interception
// uses it for connections and datagrams.
#pragma once

#include <memory>
#include <optional>

#include "proxy/net/socket.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Returns the original destination of an accepted connection. After REDIRECT that is
// SO_ORIGINAL_DST (linux/netfilter_ipv4.h, also for IPv6), after TPROXY the socket's local address.
// Returns nothing if the client connected to the listener itself, on `port`.
std::optional<SocketAddress> original_destination(const Fd& accepted, rules::Intercept how,
                                                  std::uint16_t port);

// Conntrack finds the original destination of redirected datagrams, whose headers do not contain it
// any more. It asks the kernel's table of connections (netlink,
// linux/netfilter/nfnetlink_conntrack.h). Safe on any thread.
class Conntrack {
 public:
  // Opens the kernel's table in this process's network namespace; needs CAP_NET_ADMIN there.
  static Result<std::unique_ptr<Conntrack>> open();
  explicit Conntrack(Fd netlink);
  ~Conntrack();

  // Returns the original destination of a datagram that `client` sent and `local` received.
  std::optional<SocketAddress> destination_of(const SocketAddress& client,
                                              const SocketAddress& local) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brownout::proxy
