// The clock of the process, real or virtual, and a function that waits for an instant or for
// descriptors.
//
// The clock is CLOCK_MONOTONIC unless a VirtualTime exists. Virtual time stands still while any
// participating thread runs. When all of them wait and none of their descriptors is ready, it jumps
// to the next instant that one of them waits for. A rehearsal with clients, proxy and servers in
// one process therefore takes no longer than its computation.
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

// Waits until one of `fds` is ready, and sets `revents`; or until the time `at`, and returns false.
// In virtual time, the calling thread must be a Participant.
bool wait_ready(std::span<pollfd> fds, Instant at);

// Replaces the process's clock while it exists. Create it before the participating threads and
// destroy it after them. At most one exists at a time.
class VirtualTime {
 public:
  VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;
  ~VirtualTime();

  // The virtual time of the process; null if time is real. Safe on any thread.
  static VirtualTime* current();
  Instant now() const { return Instant(Duration(now_.load(std::memory_order_acquire))); }

  // Marks a thread as participating. Create it before the thread starts, so that virtual time
  // stands still until then, and keep it to the thread's end. No effect if time is real.
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
  // The descriptors and the instant for which a thread waits. `bell` is an eventfd that wakes the
  // thread at `at`. `fds` is a copy for other threads to read, since poll(2) of the waiting thread
  // writes to the original.
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
