// FullQueue fills the accept queue of a listening socket with connections of this process, and
// keeps its backlog at 0. The kernel then drops the SYNs of all clients (listen(2)), so that their
// connects hang. For kernels that have no filter of SYNs (syn_filter.h); acts on the whole
// listener.
//
// Nobody may accept from the socket while the object exists. One thread, except for FillerPorts.
#pragma once

#include <mutex>
#include <set>
#include <vector>

#include "proxy/net/socket.h"

namespace brownout::proxy {

// The ports of the connections that fill queues. The sockets of all workers share an address, so a
// connection of one worker may arrive at another; whoever accepts it closes it. Any thread.
class FillerPorts {
 public:
  void add(std::uint16_t port);
  // Returns whether the port was there, and removes it.
  bool take(std::uint16_t port);

 private:
  std::mutex mutex_;
  std::set<std::uint16_t> ports_;
};

class FullQueue {
 public:
  // The socket and the ports must outlive the object. `backlog` is restored at the end.
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
