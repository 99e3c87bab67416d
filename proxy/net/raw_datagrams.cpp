#include "proxy/net/raw_datagrams.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace brownout::proxy {
namespace {

constexpr std::uint8_t kHops = 64;
constexpr std::size_t kMostBytes = 65535 - sizeof(iphdr) - sizeof(udphdr);

// Sums the 16-bit words of `bytes` for a checksum (RFC 1071).
std::uint64_t sum(std::span<const std::byte> bytes) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    total += word;
  }
  if (bytes.size() % 2 == 1) {
    const std::array last{bytes.back(), std::byte{0}};
    total += sum(last);
  }
  return total;
}

std::uint16_t complement(std::uint64_t total) {
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return static_cast<std::uint16_t>(~total);
}

// Sums the addresses for a pseudo-header (RFC 8200, section 8.1). The pseudo-header of IPv4 has the
// same sum, since IPv4 addresses are summed without their prefix.
std::uint64_t sum_of_addresses(const IpAddress& source, const IpAddress& destination) {
  const auto part = [](const IpAddress& ip) {
    const auto bytes = std::as_bytes(std::span(ip.bytes));
    return sum(ip.is_v4() ? bytes.last(4) : bytes);
  };
  return part(source) + part(destination);
}

// Headers of one packet.
struct Headers {
  std::array<std::byte, 128> bytes{};
  std::size_t size = 0;

  template <typename T>
  void put(const T& part) {
    std::memcpy(bytes.data() + size, &part, sizeof part);
    size += sizeof part;
  }
  std::span<const std::byte> view() const { return {bytes.data(), size}; }
  // Puts an IP header before `length` bytes of the protocol.
  void put_ip(const IpAddress& source, const IpAddress& destination, int protocol,
              std::size_t length) {
    source.is_v4() ? put(v4(source, destination, protocol, length))
                   : put(v6(source, destination, protocol, length));
  }

 private:
  // The kernel sets the checksum and the identification of the outer header.
  static iphdr v4(const IpAddress& source, const IpAddress& destination, int protocol,
                  std::size_t length) {
    iphdr ip{};
    ip.version = 4;
    ip.ihl = sizeof ip / 4;
    ip.tot_len = htons(static_cast<std::uint16_t>(sizeof ip + length));
    ip.ttl = kHops;
    ip.protocol = static_cast<std::uint8_t>(protocol);
    std::memcpy(&ip.saddr, source.bytes.data() + 12, sizeof ip.saddr);
    std::memcpy(&ip.daddr, destination.bytes.data() + 12, sizeof ip.daddr);
    ip.check = complement(sum(std::as_bytes(std::span(&ip, 1))));
    return ip;
  }
  static ip6_hdr v6(const IpAddress& source, const IpAddress& destination, int protocol,
                    std::size_t length) {
    ip6_hdr ip{};
    ip.ip6_flow = htonl(std::uint32_t{6} << 28);
    ip.ip6_plen = htons(static_cast<std::uint16_t>(length));
    ip.ip6_nxt = static_cast<std::uint8_t>(protocol);
    ip.ip6_hlim = kHops;
    std::memcpy(&ip.ip6_src, source.bytes.data(), sizeof ip.ip6_src);
    std::memcpy(&ip.ip6_dst, destination.bytes.data(), sizeof ip.ip6_dst);
    return ip;
  }
};

udphdr udp_header(const SocketAddress& from, const SocketAddress& to, std::size_t bytes) {
  udphdr udp{};
  udp.source = htons(from.port());
  udp.dest = htons(to.port());
  udp.len = htons(static_cast<std::uint16_t>(sizeof udp + bytes));
  return udp;
}

// Returns the message that no socket has the port: code 3 of type 3 (RFC 792), and code 4 of type 1
// (RFC 4443, section 3.1). Both headers have type, code and checksum in the same places.
icmphdr port_unreachable(bool v4, std::uint64_t sum_of_rest) {
  icmphdr icmp{};
  icmp.type = v4 ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH;
  icmp.code = v4 ? ICMP_PORT_UNREACH : ICMP6_DST_UNREACH_NOPORT;
  icmp.checksum = complement(sum(std::as_bytes(std::span(&icmp, 1))) + sum_of_rest);
  return icmp;
}

}  // namespace

bool RawDatagrams::works(bool v4) const { return static_cast<bool>(v4 ? v4_ : v6_); }

std::unique_ptr<RawDatagrams> RawDatagrams::here() {
  Fd v4(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  Fd v6(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  const int on = 1;
  if (v6 && setsockopt(v6.get(), IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof on) != 0) v6.reset();
  return std::make_unique<RawDatagrams>(std::move(v4), std::move(v6));
}

int RawDatagrams::send(std::span<const std::byte> bytes, const SocketAddress& from,
                       const SocketAddress& to) const {
  const auto source = from.ip();
  const auto destination = to.ip();
  if (!source || !destination || source->is_v4() != destination->is_v4()) return EAFNOSUPPORT;
  if (bytes.size() > kMostBytes) return EMSGSIZE;
  auto udp = udp_header(from, to, bytes.size());
  const auto total = sum_of_addresses(*source, *destination) + sum(bytes) + udp.len +
                     htons(IPPROTO_UDP) + sum(std::as_bytes(std::span(&udp, 1)));
  udp.check = complement(total);
  if (udp.check == 0) udp.check = 0xffff;
  Headers head;
  head.put_ip(*source, *destination, IPPROTO_UDP, sizeof udp + bytes.size());
  head.put(udp);
  return send_packet(head.view(), bytes, *destination);
}

int RawDatagrams::reject(const SocketAddress& from, const SocketAddress& to,
                         std::size_t size) const {
  const auto source = from.ip();
  const auto destination = to.ip();
  if (!source || !destination || source->is_v4() != destination->is_v4()) return EAFNOSUPPORT;
  const bool v4 = source->is_v4();
  // The rejected datagram's headers, by which its sender finds the socket.
  Headers rejected;
  rejected.put_ip(*source, *destination, IPPROTO_UDP, sizeof(udphdr) + size);
  rejected.put(udp_header(from, to, size));
  const auto length = sizeof(icmphdr) + rejected.size;
  const int protocol = v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  auto total = sum(rejected.view());
  if (!v4) {
    total += sum_of_addresses(*source, *destination) + htons(IPPROTO_ICMPV6) +
             htons(static_cast<std::uint16_t>(length));
  }
  Headers head;
  head.put_ip(*destination, *source, protocol, length);
  head.put(port_unreachable(v4, total));
  return send_packet(head.view(), rejected.view(), *source);
}

int RawDatagrams::send_packet(std::span<const std::byte> head, std::span<const std::byte> rest,
                              const IpAddress& to) const {
  // Sets port 0, since addresses of raw sockets have no port.
  auto peer = SocketAddress::of(to, 0);
  // The casts are safe: sendmsg(2) does not write to the bytes.
  std::array<iovec, 2> parts{iovec{const_cast<std::byte*>(head.data()), head.size()},
                             iovec{const_cast<std::byte*>(rest.data()), rest.size()}};
  msghdr message{};
  message.msg_name = peer.get();
  message.msg_namelen = peer.length;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const Fd& fd = to.is_v4() ? v4_ : v6_;
  return sendmsg(fd.get(), &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

}  // namespace brownout::proxy
