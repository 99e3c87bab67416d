// An embedded UDP server that sends back what it gets and counts it, on a thread of its own: for
// bench and tests. With `silent` it only counts. Loopback only.
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

  // Names no host if it cannot be bound.
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
  double back_per_second = 0;  // of an echo
};

// Sends datagrams of `bytes` from `sockets` client addresses for `length`, at most `rate` a second
// in all (0: as fast as the sockets take them), and counts what comes back.
Flood flood(const Endpoint& server, int sockets, std::size_t bytes, std::int64_t rate,
            rules::Duration length);

}  // namespace brownout::proxy
