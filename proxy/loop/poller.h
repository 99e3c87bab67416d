// Readiness of the data path's sockets: one edge-triggered epoll set.
//
// Why not a libuv handle a socket: uv_tcp_t and uv_poll_t change their interest with epoll_ctl at
// each turn of a connection's life (add, modify after connect, delete at close; uv_poll_init even
// probes with an add and a delete). Here a socket costs one epoll_ctl in its life. See
// docs/decisions/0002-edge-triggered-poller.md.
//
// Edge-triggered means: a handler is told of a change once, and must read or write until the kernel
// says EAGAIN or moves less than asked for; to stop earlier (fairness) it calls again().
//
// Loop's thread only. Handlers are borrowed; they must be forgotten before their descriptor is
// closed, and may be destroyed only between turns (Loop::retire), since events of the same turn may
// still name them.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

class Ready {
 public:
  virtual ~Ready() = default;
  // `events` is a set of EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR; 0 after
  // again().
  virtual void on_ready(std::uint32_t events) noexcept = 0;
};

class Poller {
 public:
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // False when the kernel refuses (out of memory or of watches).
  bool add(int fd, Ready& handler);
  // Another handler for a descriptor that was added: costs no system call.
  void replace(int fd, Ready& handler);
  // Before the descriptor is closed, which takes it out of the set.
  void forget(int fd);
  // The same for a descriptor of which there are copies (dup(2)): they would keep it in the set.
  void remove(int fd);
  // Level-triggered and for reading only: for a descriptor whose handler does not drain it.
  bool add_level(int fd, Ready& handler);
  // Calls on_ready(0) in the next turn, which comes without waiting.
  void again(int fd);
  // Waits until something is ready, if it is to, and tells the handlers.
  void turn(bool wait = true);
  // Whether the next turn comes without waiting.
  bool has_more() const { return !again_.empty(); }
  // Readable when something is ready.
  int descriptor() const { return epoll_.get(); }

 private:
  bool add(int fd, Ready& handler, std::uint32_t events);
  void dispatch(int fd, std::uint32_t events);

  Fd epoll_;
  std::vector<Ready*> handlers_;
  std::vector<int> again_;
};

}  // namespace brownout::proxy
