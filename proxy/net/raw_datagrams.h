// RawDatagrams: sends UDP datagrams from a source address that no socket of this process can be
// bound to, and the ICMP message that rejects a datagram. Safe on any thread.
//
// Such an address belongs to another machine, or to a server on this machine that is bound to it.
// So this class builds the IP and UDP headers itself (raw(7), IP_HDRINCL; ipv6(7), IPV6_HDRINCL;
// UDP: RFC 768; ICMP: RFC 792; ICMPv6: RFC 4443).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "proxy/net/socket.h"

namespace brownout::proxy {

class RawDatagrams {
 public:
  // `v4` and `v6` are raw sockets (SOCK_RAW, IPPROTO_RAW; needs CAP_NET_RAW) in the network
  // namespace to send in. One may be null.
  RawDatagrams(Fd v4, Fd v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}
  // Makes the sockets in this process's network namespace. A socket that the kernel refuses is
  // null.
  static std::unique_ptr<RawDatagrams> here();

  // Whether packets of IPv4, or of IPv6, can be sent.
  bool works(bool v4) const;

  // Sends one datagram. Returns 0 or an errno: EMSGSIZE above 65,507 bytes or the device's MTU,
  // since datagrams are not fragmented.
  int send(std::span<const std::byte> bytes, const SocketAddress& from,
           const SocketAddress& to) const;
  // Tells the sender of a datagram of `size` bytes, from `from` to `to`, that no socket has the
  // port (ICMP port unreachable), as if the host of `to` said so. Returns 0 or an errno.
  int reject(const SocketAddress& from, const SocketAddress& to, std::size_t size) const;

 private:
  int send_packet(std::span<const std::byte> head, std::span<const std::byte> rest,
                  const IpAddress& to) const;

  const Fd v4_;
  const Fd v6_;
};

}  // namespace brownout::proxy
