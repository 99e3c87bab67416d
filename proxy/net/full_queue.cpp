#include "proxy/net/full_queue.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace brownout::proxy {
namespace {

// Limit of connects to fill one queue. With SO_REUSEPORT, the kernel distributes connects over the
// sockets of all workers by a hash, so only some of them reach this socket.
constexpr int kMostDials = 256;

// Whether the queue is longer than the backlog. Of a listening socket, tcpi_unacked is the length
// of its queue and tcpi_sacked the backlog (Linux, tcp_get_info()).
bool is_full(const Fd& listening) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(listening.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return true;
  return info.tcpi_unacked > info.tcpi_sacked;
}

// Whether the connect is complete. Inside one machine this is known as soon as connect(2) returns,
// which says EINPROGRESS for a socket that does not block.
bool is_established(const Fd& fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return fd && getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_state == TCP_ESTABLISHED;
}

}  // namespace

void FillerPorts::add(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  ports_.insert(port);
}

bool FillerPorts::take(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  return ports_.erase(port) > 0;
}

FullQueue::FullQueue(const Fd& listening, int backlog, FillerPorts& ports)
    : listening_(listening), backlog_(backlog) {
  ::listen(listening_.get(), 0);
  const auto address = own_address(listening_);
  for (int i = 0; i < kMostDials && !is_full(listening_); ++i) fill_a_place(address, ports);
}

// Adds the client's port to `ports` before the connect, because another worker may accept the
// connection at once and recognizes it by this port.
void FullQueue::fill_a_place(const SocketAddress& address, FillerPorts& ports) {
  auto fd = stream_socket(address);
  SocketAddress own = address;
  const auto ip = address.ip();
  if (ip) own = SocketAddress::of(*ip, 0);
  if (!fd || ::bind(fd.get(), own.get(), own.length) != 0) return;
  const auto port = own_address(fd).port();
  ports.add(port);
  auto dialled = start_dial(address, std::move(fd));
  if (dialled.connected || is_established(dialled.fd)) {
    fillers_.push_back(std::move(dialled.fd));
  } else {
    ports.take(port);
  }
}

FullQueue::~FullQueue() {
  fillers_.clear();
  ::listen(listening_.get(), backlog_);
}

}  // namespace brownout::proxy
