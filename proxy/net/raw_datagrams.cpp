#include "proxy/net/raw_datagrams.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
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

template <typename T>
std::uint64_t sum_of(const T& value) {
  return sum(std::as_bytes(std::span(&value, 1)));
}

// Computes the UDP checksum (RFC 768). The pseudo-headers of IPv6 (RFC 8200, section 8.1) and IPv4
// are summed alike.
std::uint16_t checksum(const udphdr& udp, std::span<const std::byte> bytes,
                       std::uint64_t addresses) {
  std::uint64_t total = addresses + sum_of(udp) + sum(bytes) + udp.len + htons(IPPROTO_UDP);
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  const auto complement = static_cast<std::uint16_t>(~total);
  return complement == 0 ? 0xffff : complement;
}

}  // namespace

int RawDatagrams::send(std::span<const std::byte> bytes, const SocketAddress& from,
                       const SocketAddress& to) const {
  const auto source = from.ip();
  const auto destination = to.ip();
  if (!source || !destination || source->is_v4() != destination->is_v4()) return EAFNOSUPPORT;
  if (bytes.size() > kMostBytes) return EMSGSIZE;

  struct {
    std::array<std::byte, sizeof(ip6_hdr) + sizeof(udphdr)> bytes{};
    std::size_t size = 0;
  } head;
  const auto put = [&](const auto& part) {
    std::memcpy(head.bytes.data() + head.size, &part, sizeof part);
    head.size += sizeof part;
  };
  udphdr udp{};
  udp.source = htons(from.port());
  udp.dest = htons(to.port());
  udp.len = htons(static_cast<std::uint16_t>(sizeof udp + bytes.size()));

  // Sets port 0, since addresses of raw sockets have no port.
  auto peer = SocketAddress::of(*destination, 0);
  if (source->is_v4()) {
    iphdr ip{};  // the kernel adds length, checksum and identification
    ip.version = 4;
    ip.ihl = sizeof ip / 4;
    ip.ttl = kHops;
    ip.protocol = IPPROTO_UDP;
    ip.saddr =
        reinterpret_cast<const sockaddr_in*>(SocketAddress::of(*source, 0).get())->sin_addr.s_addr;
    ip.daddr = reinterpret_cast<const sockaddr_in*>(peer.get())->sin_addr.s_addr;
    udp.check = checksum(udp, bytes, sum_of(ip.saddr) + sum_of(ip.daddr));
    put(ip);
  } else {
    ip6_hdr ip{};
    ip.ip6_flow = htonl(std::uint32_t{6} << 28);
    ip.ip6_plen = udp.len;
    ip.ip6_nxt = IPPROTO_UDP;
    ip.ip6_hlim = kHops;
    std::memcpy(&ip.ip6_src, source->bytes.data(), sizeof ip.ip6_src);
    std::memcpy(&ip.ip6_dst, destination->bytes.data(), sizeof ip.ip6_dst);
    udp.check = checksum(udp, bytes, sum_of(ip.ip6_src) + sum_of(ip.ip6_dst));
    put(ip);
  }
  put(udp);

  // The cast is safe: sendmsg(2) does not write to the bytes.
  std::array<iovec, 2> parts{iovec{head.bytes.data(), head.size},
                             iovec{const_cast<std::byte*>(bytes.data()), bytes.size()}};
  msghdr message{};
  message.msg_name = peer.get();
  message.msg_namelen = peer.length;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const Fd& fd = source->is_v4() ? v4_ : v6_;
  return sendmsg(fd.get(), &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

}  // namespace brownout::proxy
