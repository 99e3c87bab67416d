// UdpEchoServer is an embedded UDP server, on its own thread, that counts datagrams and sends them
// back; with `silent` it only counts. Used by bench and tests. Loopback only.
#pragma once

#include <atomic>
#include <thread>

#include "proxy/net/datagrams.h"
#include "rules/base/instant.h"

namespace brownout::proxy {

class UdpEchoServer {
 public:
  explicit UdpEchoServer(std::uint16_t port = 0, bool silent = false);
  ~UdpEchoServer();

  // The address of the server. The host is empty if binding failed.
  const Endpoint& endpoint() const { return endpoint_; }
  std::uint64_t received() const { return received_.load(std::memory_order_relaxed); }

 private:
  void serve();

  Fd socket_;
  Endpoint endpoint_;
  bool silent_;
  std::atomic<std::uint64_t> received_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Flood {
  double sent_per_second = 0;
  double back_per_second = 0;  // number of echoed datagrams per second
};

// Sends datagrams of `bytes` bytes from `sockets` client addresses for `length`, and counts the
// replies. `rate` is the total number per second; 0 sends as fast as the sockets accept.
Flood flood(const Endpoint& server, int sockets, std::size_t bytes, std::int64_t rate,
            rules::Duration length);

}  // namespace brownout::proxy
