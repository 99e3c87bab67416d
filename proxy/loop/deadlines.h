// Deadlines: timers of an event loop with a precision well below a millisecond, as a heap over one
// timerfd. (Timers of libuv have a resolution of 1 ms.)
//
// An object with a deadline derives from Deadline. Setting, moving and cancelling cost O(log n). A
// Deadline is not owned by Deadlines, and cancels itself when destroyed. Use only on the event
// loop's thread.
#pragma once

#include <vector>

#include "proxy/loop/clock.h"
#include "proxy/loop/fd.h"
#include "proxy/loop/poller.h"

namespace brownout::proxy {

class Deadlines;

class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  virtual ~Deadline();
  // Called when the deadline has come; it is then no longer set. `now` is at or after the deadline.
  virtual void on_due(Instant now) noexcept = 0;

 private:
  friend class Deadlines;
  static constexpr std::uint32_t kUnset = ~std::uint32_t{0};
  Deadlines* owner_ = nullptr;
  Instant at_ = kNever;
  std::uint32_t slot_ = kUnset;
};

class Deadlines final : public Ready {
 public:
  explicit Deadlines(Poller& poller);

  // Sets or moves the deadline; kNever cancels it.
  void set(Deadline& deadline, Instant at);
  void cancel(Deadline& deadline);
  // Sets the timer to the earliest deadline. Call once in each iteration of the event loop, before
  // it waits.
  void arm();
  Instant earliest() const { return heap_.empty() ? kNever : heap_.front()->at_; }
  // Handles the deadlines that are due. For virtual time only, in which there is no timer.
  void run_due() { run(monotonic_now()); }
  void on_ready(std::uint32_t events) noexcept override;

 private:
  void run(Instant now);
  void arm_for(Instant at, Duration early);
  void wait_awake();
  void place(Deadline& deadline, std::size_t slot);
  void sift_up(std::size_t slot);
  void sift_down(std::size_t slot);

  Fd timer_;
  Instant armed_ = kNever;
  std::vector<Deadline*> heap_;
};

}  // namespace brownout::proxy
