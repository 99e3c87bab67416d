// RawDatagrams: sends UDP datagrams from a source address that no socket of this process can be
// bound to. Safe on any thread.
//
// Such an address belongs to another machine, or to a server on this machine that is bound to it.
// So this class builds the IP and UDP headers itself (raw(7), IP_HDRINCL; ipv6(7), IPV6_HDRINCL;
// UDP: RFC 768).
#pragma once

#include <cstddef>
#include <span>

#include "proxy/net/socket.h"

namespace brownout::proxy {

class RawDatagrams {
 public:
  // `v4` and `v6` are raw sockets (SOCK_RAW, IPPROTO_RAW; needs CAP_NET_RAW) in the network
  // namespace to send in. One may be null.
  RawDatagrams(Fd v4, Fd v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}

  // Sends one datagram. Returns 0 or an errno: EMSGSIZE above 65,507 bytes or the device's MTU,
  // since datagrams are not fragmented.
  int send(std::span<const std::byte> bytes, const SocketAddress& from,
           const SocketAddress& to) const;

 private:
  const Fd v4_;
  const Fd v6_;
};

}  // namespace brownout::proxy
