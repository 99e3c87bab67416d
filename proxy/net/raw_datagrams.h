// RawDatagrams: sends UDP datagrams from a source address that no socket of this process can be
// bound to.
//
// Such an address belongs to another machine, or to a server on this machine that is bound to it.
// The IP and UDP headers are therefore built here (raw(7), IP_HDRINCL; ipv6(7), IPV6_HDRINCL; UDP:
// RFC 768). Safe on any thread.
#pragma once

#include <cstddef>
#include <span>

#include "proxy/net/socket.h"

namespace brownout::proxy {

class RawDatagrams {
 public:
  // Both are raw sockets (SOCK_RAW, IPPROTO_RAW; needs CAP_NET_RAW) in the network namespace to
  // send in. One may be null.
  RawDatagrams(Fd v4, Fd v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}

  // Returns 0 or errno. Datagrams are not fragmented: EMSGSIZE above 65,507 bytes or the device's
  // MTU.
  int send(std::span<const std::byte> bytes, const SocketAddress& from,
           const SocketAddress& to) const;

 private:
  const Fd v4_;
  const Fd v6_;
};

}  // namespace brownout::proxy
