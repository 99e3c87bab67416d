#include "proxy/net/datagrams.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace brownout::proxy {
namespace {

constexpr int kSocketBuffer = 4 << 20;

// Removes const, since sendmmsg(2) takes a non-const iovec, but does not write to its bytes.
iovec as_iovec(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

bool is_any(const SocketAddress& address) {
  const auto ip = address.ip();
  return ip && (*ip == IpAddress{} || *ip == IpAddress::v4({0, 0, 0, 0}));
}

}  // namespace

std::optional<IpAddress> LocalAddress::ip() const {
  if (size < sizeof(cmsghdr)) return std::nullopt;
  const auto* header = reinterpret_cast<const cmsghdr*>(control.data());
  if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &info.ipi_addr, octets.size());
    return IpAddress::v4(octets);
  }
  if (header->cmsg_level != IPPROTO_IPV6 || header->cmsg_type != IPV6_PKTINFO) return std::nullopt;
  in6_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(header), sizeof info);
  IpAddress address;
  std::memcpy(address.bytes.data(), &info.ipi6_addr, address.bytes.size());
  return address;
}

std::optional<SocketAddress> LocalAddress::destination() const {
  if (size < sizeof(cmsghdr)) return std::nullopt;
  const auto* header = reinterpret_cast<const cmsghdr*>(control.data());
  const bool v4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVORIGDSTADDR;
  const bool v6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVORIGDSTADDR;
  if (!v4 && !v6) return std::nullopt;
  SocketAddress address;
  address.length = v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(address.get(), CMSG_DATA(header), address.length);
  return address;
}

bool LocalAddress::operator==(const LocalAddress& other) const {
  return size == other.size &&
         std::equal(control.begin(), control.begin() + size, other.control.begin());
}

void keep_destinations(const Fd& datagrams) {
  set_option(datagrams, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
  set_option(datagrams, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1);
}

SocketAddress received_at(const Fd& socket, const LocalAddress& local) {
  if (const auto destination = local.destination()) return *destination;
  const auto bound = own_address(socket);
  const auto ip = local.ip();
  return ip ? SocketAddress::of(*ip, bound.port()) : bound;
}

void enlarge_buffers(const Fd& datagrams) {
  set_option(datagrams, SOL_SOCKET, SO_RCVBUF, kSocketBuffer);
  set_option(datagrams, SOL_SOCKET, SO_SNDBUF, kSocketBuffer);
}

Result<std::vector<Fd>> bind_datagrams(const Endpoint& endpoint, std::size_t count,
                                       Sharing sharing) {
  auto sockets = bind_to(endpoint, SOCK_DGRAM, count, sharing);
  if (!sockets) return sockets;
  for (const auto& fd : *sockets) {
    enlarge_buffers(fd);
    const auto bound = own_address(fd);
    if (!is_any(bound)) continue;
    const bool v4 = bound.storage.ss_family == AF_INET;
    set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
  }
  return sockets;
}

Fd datagram_socket(const SocketAddress& address) {
  return Fd(socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Fd connect_datagrams(const SocketAddress& address) {
  return connect_datagrams(address, datagram_socket(address));
}

Fd connect_datagrams(const SocketAddress& address, Fd fd) {
  if (!fd) return fd;
  enlarge_buffers(fd);
  if (connect(fd.get(), address.get(), address.length) == 0) return fd;
  const int error = errno;
  fd.reset();
  errno = error;
  return fd;
}

// Does not clear the buffer: writing to all 4 MiB would dominate the start-up time, and most pages
// are never used.
DatagramBatch::DatagramBatch()
    : buffer_(std::make_unique_for_overwrite<std::byte[]>(kMost * kLargest)) {
  for (std::size_t i = 0; i < kMost; ++i) {
    places_[i] = {buffer_.get() + i * kLargest, kLargest};
    auto& header = headers_[i].msg_hdr;
    header.msg_iov = &places_[i];
    header.msg_iovlen = 1;
    header.msg_name = from_[i].get();
    header.msg_control = control_[i].control.data();
  }
}

std::size_t DatagramBatch::receive(const Fd& fd, int& error) {
  error = 0;
  for (auto& header : headers_) {
    header.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    header.msg_hdr.msg_controllen = LocalAddress::kSpace;
  }
  const int count = recvmmsg(fd.get(), headers_.data(), kMost, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) error = errno;
    return 0;
  }
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<std::size_t>(i);
    from_[n].length = headers_[n].msg_hdr.msg_namelen;
    control_[n].size = headers_[n].msg_hdr.msg_controllen;
  }
  return static_cast<std::size_t>(count);
}

std::span<std::byte> DatagramBatch::bytes(std::size_t i) {
  return {buffer_.get() + i * kLargest, headers_[i].msg_len};
}

LocalAddress DatagramBatch::to(std::size_t i) const { return control_[i]; }

void DatagramSender::add(std::span<const std::byte> bytes) {
  places_.push_back({as_iovec(bytes), nullptr, nullptr});
}

void DatagramSender::add(std::span<const std::byte> bytes, const SocketAddress& to,
                         const LocalAddress& from) {
  places_.push_back({as_iovec(bytes), &to, &from});
}

std::size_t DatagramSender::bytes() const {
  std::size_t total = 0;
  for (const auto& place : places_) total += place.bytes.iov_len;
  return total;
}

std::size_t DatagramSender::send_raw(const RawDatagrams& raw, int& error) {
  std::size_t lost = 0;
  for (const auto& place : places_) {
    const auto from = place.from->destination();
    const int failed =
        from ? raw.send({static_cast<const std::byte*>(place.bytes.iov_base), place.bytes.iov_len},
                        *from, *place.to)
             : EDESTADDRREQ;
    if (failed == 0) continue;
    error = failed;
    ++lost;
  }
  places_.clear();
  return lost;
}

std::size_t DatagramSender::send(const Fd& fd, int& error, const RawDatagrams* raw) {
  error = 0;
  if (raw != nullptr && !places_.empty() && places_.front().from->destination()) {
    return send_raw(*raw, error);
  }
  std::size_t lost = 0;
  std::array<mmsghdr, DatagramBatch::kMost> headers{};
  for (std::size_t next = 0; next < places_.size();) {
    const auto count = std::min(headers.size(), places_.size() - next);
    for (std::size_t i = 0; i < count; ++i) {
      auto& place = places_[next + i];
      auto& header = headers[i].msg_hdr;
      header = {};
      header.msg_iov = &place.bytes;
      header.msg_iovlen = 1;
      if (place.to == nullptr) continue;
      // The cast is safe: sendmsg(2) does not write to the address.
      header.msg_name = const_cast<sockaddr*>(place.to->get());
      header.msg_namelen = place.to->length;
      if (place.from->size == 0) continue;
      header.msg_control = const_cast<std::byte*>(place.from->control.data());
      header.msg_controllen = place.from->size;
    }
    const int sent = sendmmsg(fd.get(), headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent > 0) {
      next += static_cast<std::size_t>(sent);
      continue;
    }
    // The first datagram could not be sent. If the socket's buffer is full, all that remain are
    // lost, as on a network. After any other error, only the first is lost.
    if (errno == EINTR) continue;
    error = errno;
    const bool full = error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
    const auto given_up = full ? places_.size() - next : 1;
    lost += given_up;
    next += given_up;
  }
  places_.clear();
  return lost;
}

}  // namespace brownout::proxy
