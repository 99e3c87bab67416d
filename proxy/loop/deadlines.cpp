#include "proxy/loop/deadlines.h"

#include <sys/timerfd.h>

#include <algorithm>

namespace brownout::proxy {
namespace {

// After a long sleep, a CPU core needs longer to wake up. The measured median was 180 us after a
// sleep of 20 ms, but 60 us if the last 300 us were a separate sleep. A far deadline is therefore
// approached in two sleeps, and the last microseconds are spent in a busy wait.
constexpr Duration kFar = std::chrono::microseconds(600);
constexpr Duration kLead = std::chrono::microseconds(300);
constexpr Duration kAwake = std::chrono::microseconds(80);

}  // namespace

Deadline::~Deadline() {
  if (slot_ != kUnset) owner_->cancel(*this);
}

Deadlines::Deadlines(Poller& poller)
    : timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  poller.add(timer_.get(), *this);
}

void Deadlines::set(Deadline& deadline, Instant at) {
  if (at == deadline.at_ && deadline.slot_ != Deadline::kUnset) return;
  if (at == kNever) return cancel(deadline);
  const bool earlier = at < deadline.at_;
  deadline.at_ = at;
  if (deadline.slot_ == Deadline::kUnset) {
    deadline.owner_ = this;
    heap_.push_back(&deadline);
    place(deadline, heap_.size() - 1);
    return sift_up(heap_.size() - 1);
  }
  earlier ? sift_up(deadline.slot_) : sift_down(deadline.slot_);
}

void Deadlines::cancel(Deadline& deadline) {
  const std::size_t slot = deadline.slot_;
  if (deadline.slot_ == Deadline::kUnset) return;
  deadline.slot_ = Deadline::kUnset;
  deadline.at_ = kNever;
  Deadline* last = heap_.back();
  heap_.pop_back();
  if (last == &deadline) return;
  place(*last, slot);
  sift_up(slot);
  sift_down(last->slot_);
}

void Deadlines::arm() {
  // Busy-wait at most once in each iteration of the event loop: sockets must be served between
  // deadlines that are close together.
  const bool near = earliest() != kNever && earliest() - monotonic_now() <= kAwake;
  if (near) wait_awake();
  // Leaves the timer set when the earliest deadline is cancelled: a needless wake-up costs less
  // than the system call.
  if (earliest() < armed_) arm_for(earliest(), near ? Duration::zero() : kAwake);
}

void Deadlines::wait_awake() {
  auto now = monotonic_now();
  while (now < earliest()) now = monotonic_now();
  run(now);
}

void Deadlines::arm_for(Instant at, Duration early) {
  const Instant now = monotonic_now();
  armed_ = at - (at - now > kFar ? kLead : early);
  const auto since = std::max(armed_, now + Duration(1)).time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = (since - seconds).count();
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

// Does not read the timer, since epoll reports each of its expiries as a new event
// (edge-triggered).
void Deadlines::on_ready(std::uint32_t) noexcept {
  const Instant now = monotonic_now();
  if (now < armed_) return;
  armed_ = kNever;
  run(now);
}

void Deadlines::run(Instant now) {
  while (earliest() <= now) {
    Deadline& due = *heap_.front();
    cancel(due);
    due.on_due(now);
  }
}

void Deadlines::place(Deadline& deadline, std::size_t slot) {
  heap_[slot] = &deadline;
  deadline.slot_ = static_cast<std::uint32_t>(slot);
}

void Deadlines::sift_up(std::size_t slot) {
  Deadline* moving = heap_[slot];
  while (slot > 0) {
    const std::size_t parent = (slot - 1) / 2;
    if (heap_[parent]->at_ <= moving->at_) break;
    place(*heap_[parent], slot);
    slot = parent;
  }
  place(*moving, slot);
}

void Deadlines::sift_down(std::size_t slot) {
  Deadline* moving = heap_[slot];
  while (true) {
    std::size_t child = 2 * slot + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) ++child;
    if (moving->at_ <= heap_[child]->at_) break;
    place(*heap_[child], slot);
    slot = child;
  }
  place(*moving, slot);
}

}  // namespace brownout::proxy
