// Where a client wanted to go that the kernel sent here instead.
#pragma once

#include <memory>
#include <optional>

#include "proxy/net/socket.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Of an accepted connection: SO_ORIGINAL_DST (linux/netfilter_ipv4.h, also of IPv6) where it was
// redirected, its own address where it came by TPROXY. None if nobody sent it here: it was meant
// for the listener itself, on `port`.
std::optional<SocketAddress> original_destination(const Fd& accepted, rules::Intercept how,
                                                  std::uint16_t port);

// Of redirected datagrams, which do not carry their destination any more: asks the kernel's table
// of connections (conntrack, by netlink; linux/netfilter/nfnetlink_conntrack.h). Safe from any
// thread.
class Conntrack {
 public:
  // Of this process's network; needs CAP_NET_ADMIN there.
  static Result<std::unique_ptr<Conntrack>> open();
  explicit Conntrack(Fd netlink);
  ~Conntrack();

  // `client` is whom a datagram came from, `local` where it was received.
  std::optional<SocketAddress> destination_of(const SocketAddress& client,
                                              const SocketAddress& local) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brownout::proxy
