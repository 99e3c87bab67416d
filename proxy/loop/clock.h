// The clock of the process, and the one way to wait for it and for descriptors.
//
// It is CLOCK_MONOTONIC, unless a VirtualTime is there: then the clock stands still while any
// thread that takes part is at work, and jumps to the next instant that one of them waits for once
// all of them wait and none of their descriptors is ready. A rehearsal against embedded servers,
// which has the clients, the proxy and the servers in one process, takes no longer than its work
// that way.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::proxy {

using rules::Duration;
using rules::Instant;
using rules::kNever;

Instant monotonic_now();

// Until one of `fds` is ready (their `revents` are set) or `at` has come. False: `at` has come. A
// thread that calls this in virtual time takes part in it.
bool wait_ready(std::span<pollfd> fds, Instant at);

// While it lives, the process's clock. Made before the threads that take part, and destroyed after
// them. One at a time.
class VirtualTime {
 public:
  VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;
  ~VirtualTime();

  // Null where time is real. Any thread.
  static VirtualTime* current();
  Instant now() const { return Instant(Duration(now_.load(std::memory_order_acquire))); }

  // A thread that takes part, from before it runs (so that no time passes until it does) to its
  // end. Nothing where time is real.
  class Participant {
   public:
    Participant();
    Participant(const Participant&) = delete;
    Participant& operator=(const Participant&) = delete;
    ~Participant() { leave(); }
    void leave();

   private:
    VirtualTime* time_;
  };

 private:
  friend bool wait_ready(std::span<pollfd> fds, Instant at);
  // A thread that waits; the bell is an eventfd that the end of its wait rings. The descriptors are
  // a copy, which others read while the thread's own poll(2) writes.
  struct Waiting {
    std::vector<pollfd> fds;
    Instant at;
    int bell;
  };

  bool wait(std::span<pollfd> fds, Instant at);
  void add_running(int change);
  void advance_if_all_wait();
  bool anything_ready();

  std::atomic<Duration::rep> now_;
  std::mutex mutex_;
  int running_ = 0;
  std::vector<const Waiting*> waiting_;
  std::vector<pollfd> all_;
};

}  // namespace brownout::proxy
