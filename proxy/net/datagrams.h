// Datagrams in batches: recvmmsg(2) and sendmmsg(2), many in one system call. No state but buffers.
//
// A socket bound to every address of the machine must answer from the address that was asked: the
// batch keeps that local address (ip(7), IP_PKTINFO) of each datagram, and a reply is given it
// back. Loop's thread only.
#pragma once

#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "proxy/loop/fd.h"
#include "proxy/net/raw_datagrams.h"

namespace brownout::proxy {

// Bound datagram sockets on one address, one a worker (SO_REUSEPORT: the kernel keeps a client's
// datagrams on one of them). As listen_on, in all else.
Result<std::vector<Fd>> bind_datagrams(const Endpoint& endpoint, std::size_t count,
                                       Sharing sharing = {});

// What arrives while the loop is busy waits in the socket: as much as net.core.rmem_max allows.
void enlarge_buffers(const Fd& datagrams);

// A non-blocking socket connected to `address`: only it can send there. errno if it is null.
Fd connect_datagrams(const SocketAddress& address);
// The same in two steps.
Fd datagram_socket(const SocketAddress& address);
Fd connect_datagrams(const SocketAddress& address, Fd fd);

// The control message that names a local address; empty where none is needed.
struct LocalAddress {
  static constexpr std::size_t kSpace = CMSG_SPACE(32);
  alignas(cmsghdr) std::array<std::byte, kSpace> control{};
  std::size_t size = 0;

  // None where it is empty.
  std::optional<IpAddress> ip() const;
  // Where the datagram was sent, by a socket that asks for it (keep_destinations).
  std::optional<SocketAddress> destination() const;
  bool operator==(const LocalAddress& other) const;
};

// A datagram that TPROXY brings keeps its destination, and this socket will tell it (ip(7),
// IP_RECVORIGDSTADDR; of both families).
void keep_destinations(const Fd& datagrams);

// Where a datagram was received: its destination where that is known, the local address, or the
// one that the socket is bound to.
SocketAddress received_at(const Fd& socket, const LocalAddress& local);

class DatagramBatch {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kLargest = 65536;

  DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // How many came; 0 when none waits. On an error 0, and errno in `error`.
  std::size_t receive(const Fd& fd, int& error);
  std::span<std::byte> bytes(std::size_t i);
  const SocketAddress& from(std::size_t i) const { return from_[i]; }
  LocalAddress to(std::size_t i) const;

 private:
  std::unique_ptr<std::byte[]> buffer_;
  std::array<mmsghdr, kMost> headers_{};
  std::array<iovec, kMost> places_{};
  std::array<SocketAddress, kMost> from_{};
  std::array<LocalAddress, kMost> control_{};
};

// What will be sent on one socket, in order. Borrowed bytes must outlive send().
class DatagramSender {
 public:
  // To the peer of a connected socket.
  void add(std::span<const std::byte> bytes);
  // `to` and `from` must outlive send().
  void add(std::span<const std::byte> bytes, const SocketAddress& to, const LocalAddress& from);
  bool empty() const { return places_.empty(); }
  std::size_t bytes() const;
  // Sends all and forgets them. Returns how many the kernel did not take; `error` says why. With
  // `raw`, what has a destination() to come from goes there.
  std::size_t send(const Fd& fd, int& error, const RawDatagrams* raw = nullptr);

 private:
  struct Place {
    iovec bytes;
    const SocketAddress* to;
    const LocalAddress* from;
  };
  std::size_t send_raw(const RawDatagrams& raw, int& error);

  std::vector<Place> places_;
};

}  // namespace brownout::proxy
