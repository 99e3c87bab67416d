// Poller: reports the readiness of the data path's sockets, with one edge-triggered epoll set.
//
// A libuv handle per socket would need an epoll_ctl at each step of a connection's life: add,
// modify after connect, delete at close. (uv_poll_init even tests each descriptor by an add and a
// delete.) Here a socket needs one epoll_ctl in total. See
// docs/decisions/0002-edge-triggered-poller.md.
//
// Edge-triggered: the poller reports each change once. A handler must read or write until EAGAIN or
// until fewer bytes move than requested. To stop earlier, for fairness, it calls again().
//
// Use only on the event loop's thread. Handlers are not owned. Call forget() before closing a
// descriptor. Destroy handlers only between iterations of the event loop (Loop::retire()), since
// events of the same iteration may still refer to them.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

class Ready {
 public:
  virtual ~Ready() = default;
  // `events` is a set of EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP, EPOLLHUP and EPOLLERR. After
  // again() it is 0.
  virtual void on_ready(std::uint32_t events) noexcept = 0;
};

class Poller {
 public:
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Reports the descriptor's readiness to `handler`. Returns false if the kernel has no memory or
  // epoll watches left.
  bool add(int fd, Ready& handler);
  // Replaces the handler of a descriptor that was added; no system call.
  void replace(int fd, Ready& handler);
  // Ends the reports. Call before closing the descriptor, which removes it from the epoll set.
  void forget(int fd);
  // Does the same as forget(), for a descriptor with copies (dup(2)). The copies would keep it in
  // the epoll set after it is closed.
  void remove(int fd);
  // Reports as long as the descriptor is readable (level-triggered), for a handler that does not
  // read all bytes.
  bool add_level(int fd, Ready& handler);
  // Calls on_ready(0) of the handler in the next iteration, which then does not wait.
  void again(int fd);
  // Runs one iteration: waits for events if `wait` is true, then calls the handlers.
  void turn(bool wait = true);
  // Whether the next iteration must not wait, because again() was called.
  bool has_more() const { return !again_.empty(); }
  // The descriptor of the epoll set, which is readable when any event is ready.
  int descriptor() const { return epoll_.get(); }

 private:
  bool add(int fd, Ready& handler, std::uint32_t events);
  void dispatch(int fd, std::uint32_t events);

  Fd epoll_;
  std::vector<Ready*> handlers_;
  std::vector<int> again_;
};

}  // namespace brownout::proxy
