// Deadlines to well under a millisecond: a heap of instants over one timerfd (libuv's timers are 1
// ms coarse).
//
// Something with a deadline derives from Deadline and is set, moved and cancelled in O(log n); it
// is borrowed and cancels itself when destroyed. Loop's thread only.
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
  // The instant has come; the deadline is no longer set. `now` is at or after it.
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

  // kNever cancels.
  void set(Deadline& deadline, Instant at);
  void cancel(Deadline& deadline);
  // Sets the timer for the earliest; once a turn, before the loop waits.
  void arm();
  Instant earliest() const { return heap_.empty() ? kNever : heap_.front()->at_; }
  // In virtual time, which no timer knows: what is due.
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
