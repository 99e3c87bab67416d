// DatagramBatch and DatagramSender: receive and send many UDP datagrams per system call
// (recvmmsg(2), sendmmsg(2)). Apart from buffers, they have no state.
//
// A socket bound to the wildcard address must answer from the address that the client used. The
// batch keeps that local address (IP_PKTINFO, ip(7)) of each datagram for the reply. Use only on
// the event loop's thread.
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

// Makes datagram sockets bound to one address, one per worker (SO_REUSEPORT: the kernel keeps a
// client's datagrams on one of them). In all else, it does the same as listen_on().
Result<std::vector<Fd>> bind_datagrams(const Endpoint& endpoint, std::size_t count,
                                       Sharing sharing = {});

// Enlarges the buffers of a UDP socket, which hold datagrams while the event loop is busy. The
// limits are net.core.rmem_max and net.core.wmem_max.
void enlarge_buffers(const Fd& datagrams);

// Makes a non-blocking UDP socket that is connected to `address` and receives from there only.
// Returns null and sets errno on failure.
Fd connect_datagrams(const SocketAddress& address);
// The two steps of connect_datagrams(), for a UDP socket that needs options before the connect.
Fd datagram_socket(const SocketAddress& address);
Fd connect_datagrams(const SocketAddress& address, Fd fd);

// The local address to which a datagram was sent, as a control message of the kernel. Empty if a
// reply does not need it.
struct LocalAddress {
  static constexpr std::size_t kSpace = CMSG_SPACE(32);
  alignas(cmsghdr) std::array<std::byte, kSpace> control{};
  std::size_t size = 0;

  // Returns the local address, if the control message holds one (IP_PKTINFO).
  std::optional<IpAddress> ip() const;
  // Returns the original destination, if the socket records it (keep_destinations()).
  std::optional<SocketAddress> destination() const;
  bool operator==(const LocalAddress& other) const;
};

// Makes the socket record the original destination of datagrams that TPROXY delivers
// (IP_RECVORIGDSTADDR, ip(7); both families).
void keep_destinations(const Fd& datagrams);

// Returns the address at which a datagram was received: its original destination if recorded, else
// its local address, else the address that the socket is bound to.
SocketAddress received_at(const Fd& socket, const LocalAddress& local);

class DatagramBatch {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kLargest = 65536;

  DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // Receives a batch of datagrams. Returns their number, or 0 if none waits. On an error, returns 0
  // and sets `error` to errno.
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

// Datagrams to send on one socket, in order. Their bytes must stay valid until send().
class DatagramSender {
 public:
  // Adds a datagram to send on a socket that is connected to its receiver.
  void add(std::span<const std::byte> bytes);
  // Adds a datagram to send to `to` from the local address `from`. `to` and `from` must outlive
  // send().
  void add(std::span<const std::byte> bytes, const SocketAddress& to, const LocalAddress& from);
  bool empty() const { return places_.empty(); }
  std::size_t bytes() const;
  // Sends all datagrams and clears the list. Returns how many the kernel did not accept, and sets
  // `error` to the errno. If `raw` is not null, it sends the datagrams whose `from` has a
  // destination().
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
