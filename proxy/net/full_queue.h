// FullQueue makes connects to a listening socket hang. It fills the accept queue with connections
// of this process and sets the backlog to 0, so the kernel drops the SYNs of all clients
// (listen(2)). Used where the kernel cannot filter SYNs (syn_filter.h).
//
// Do not accept from the socket while the object exists. One thread, except for FillerPorts.
#pragma once

#include <mutex>
#include <set>
#include <vector>

#include "proxy/net/socket.h"

namespace brownout::proxy {

// The client ports of the connections with which this process fills accept queues. The sockets of
// all workers share an address, so such a connection may arrive at another worker, which recognizes
// it by its port and closes it. Any thread.
class FillerPorts {
 public:
  void add(std::uint16_t port);
  // Removes the port, and returns whether it was present.
  bool take(std::uint16_t port);

 private:
  std::mutex mutex_;
  std::set<std::uint16_t> ports_;
};

class FullQueue {
 public:
  // The socket and the ports must outlive the object. The destructor restores `backlog`.
  FullQueue(const Fd& listening, int backlog, FillerPorts& ports);
  FullQueue(const FullQueue&) = delete;
  FullQueue& operator=(const FullQueue&) = delete;
  ~FullQueue();

 private:
  void fill_a_place(const SocketAddress& address, FillerPorts& ports);

  const Fd& listening_;
  int backlog_;
  std::vector<Fd> fillers_;
};

}  // namespace brownout::proxy
