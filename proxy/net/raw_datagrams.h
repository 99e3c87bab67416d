// RawDatagrams: UDP under an address that this machine does not have, or that another socket has.
//
// A server of the same machine may be bound to the address that an answer must come from, so that
// no socket can be: the headers are written here (raw(7), IP_HDRINCL; ipv6(7), IPV6_HDRINCL; UDP:
// RFC 768). Any thread.
#pragma once

#include <cstddef>
#include <span>

#include "proxy/net/socket.h"

namespace brownout::proxy {

class RawDatagrams {
 public:
  // Sockets of SOCK_RAW, IPPROTO_RAW in the network that is meant (CAP_NET_RAW); one may be null.
  RawDatagrams(Fd v4, Fd v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}

  // 0, or errno: EMSGSIZE above 65,507 bytes or the device's MTU, which nobody divides.
  int send(std::span<const std::byte> bytes, const SocketAddress& from,
           const SocketAddress& to) const;

 private:
  const Fd v4_;
  const Fd v6_;
};

}  // namespace brownout::proxy
