#include "proxy/loop/clock.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <thread>

#include "proxy/loop/fd.h"

namespace brownout::proxy {
namespace {

std::atomic<VirtualTime*> current_time{nullptr};

// Bytes from one thread to another may be in the kernel for this long. Until they arrive, all
// threads wait, but virtual time must not advance, since the receiver will run soon.
constexpr auto kInTheKernel = std::chrono::microseconds(20);

Instant real_now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

bool any_ready(std::span<pollfd> fds) {
  return std::any_of(fds.begin(), fds.end(), [](const pollfd& fd) { return fd.revents != 0; });
}

}  // namespace

Instant monotonic_now() {
  const auto* time = VirtualTime::current();
  return time != nullptr ? time->now() : real_now();
}

bool wait_ready(std::span<pollfd> fds, Instant at) {
  if (auto* time = VirtualTime::current()) return time->wait(fds, at);
  while (true) {
    const auto left = std::max(at - real_now(), Duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    timespec limit{};
    limit.tv_sec = std::min<std::int64_t>(seconds.count(), 1 << 30);
    limit.tv_nsec = (left - seconds).count();
    const int ready = ::ppoll(fds.data(), fds.size(), &limit, nullptr);
    if (ready > 0) return true;
    // Reports an error as ready: the caller's next call on the descriptor returns the error.
    if (ready < 0 && errno != EINTR) return true;
    if (left == Duration::zero()) return false;
  }
}

VirtualTime* VirtualTime::current() { return current_time.load(std::memory_order_acquire); }

VirtualTime::VirtualTime() : now_(real_now().time_since_epoch().count()) {
  current_time.store(this, std::memory_order_release);
}

VirtualTime::~VirtualTime() { current_time.store(nullptr, std::memory_order_release); }

VirtualTime::Participant::Participant() : time_(current()) {
  if (time_ != nullptr) time_->add_running(1);
}

void VirtualTime::Participant::leave() {
  if (time_ != nullptr) time_->add_running(-1);
  time_ = nullptr;
}

void VirtualTime::add_running(int change) {
  const std::lock_guard lock(mutex_);
  running_ += change;
  advance_if_all_wait();
}

bool VirtualTime::wait(std::span<pollfd> fds, Instant at) {
  thread_local const Fd bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  std::vector<pollfd> watched(fds.begin(), fds.end());
  watched.push_back({bell.get(), POLLIN, 0});
  const Waiting me{watched, at, bell.get()};
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&me);
    --running_;
    advance_if_all_wait();
  }
  // Checks the clock every millisecond if no descriptor was left for the eventfd `bell`.
  const int limit = bell ? -1 : 1;
  while (true) {
    const int ready = ::poll(watched.data(), watched.size(), now() >= at ? 0 : limit);
    if (ready > 0 || now() >= at || (ready < 0 && errno != EINTR)) break;
  }
  {
    const std::lock_guard lock(mutex_);
    std::erase(waiting_, &me);
    ++running_;
  }
  std::uint64_t rung = 0;
  static_cast<void>(::read(bell.get(), &rung, sizeof rung));
  std::copy(watched.begin(), watched.end() - 1, fds.begin());
  return any_ready(fds);
}

void VirtualTime::advance_if_all_wait() {
  if (running_ != 0 || waiting_.empty()) return;
  Instant next = kNever;
  for (const auto* waiter : waiting_) next = std::min(next, waiter->at);
  // Virtual time must not advance while a thread is due or has a ready descriptor. When that thread
  // waits again, this function is called again.
  if (next <= now() || next == kNever || anything_ready()) return;
  std::this_thread::sleep_for(kInTheKernel);
  if (anything_ready()) return;
  now_.store(next.time_since_epoch().count(), std::memory_order_release);
  constexpr std::uint64_t kRing = 1;
  for (const auto* waiter : waiting_) {
    if (waiter->at <= next) static_cast<void>(::write(waiter->bell, &kRing, sizeof kRing));
  }
}

bool VirtualTime::anything_ready() {
  all_.clear();
  for (const auto* waiter : waiting_)
    all_.insert(all_.end(), waiter->fds.begin(), waiter->fds.end());
  return ::poll(all_.data(), all_.size(), 0) > 0;
}

}  // namespace brownout::proxy
