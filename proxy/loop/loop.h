// Loop: the event loop of one thread, which handles sockets, timers and tasks. It combines a libuv
// loop with precise deadlines, an edge-triggered poller, a task queue for other threads, deferred
// destruction, and one large read buffer.
//
// All members except post() and stop() are for the loop's thread. Destroy the objects that use a
// loop before the loop.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "proxy/loop/clock.h"
#include "proxy/loop/deadlines.h"
#include "proxy/loop/handle.h"
#include "proxy/loop/poller.h"

namespace brownout::proxy {

// An object that may be destroyed only between iterations of the event loop (Loop::retire()).
class Retirable {
 public:
  virtual ~Retirable() = default;
};

class Loop {
 public:
  static constexpr std::size_t kReadBuffer = 256 * 1024;

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Runs iterations until stop().
  void run();
  // Makes run() return. Safe on any thread.
  void stop();
  // Runs `task` on the loop's thread in the next iteration. Safe on any thread; tasks of one thread
  // keep their order. A task still queued when the loop is destroyed is dropped.
  void post(std::function<void()> task);
  // Runs the posted tasks at once. Call only after run() has returned.
  void run_posted() { take_mail(); }

  static Instant now() { return monotonic_now(); }
  // Returns the number of the current iteration.
  std::uint64_t iteration() const { return iteration_; }
  // Counts a write of bytes that a flow held. Returns false if this iteration has already written
  // enough of such bytes. The flow then writes in the next iteration, so that other flows are
  // served.
  bool may_write(std::size_t bytes);
  // Returns the libuv loop, to start a handle or request. Also makes run() call libuv next, so that
  // libuv registers the new descriptors.
  uv_loop_t* uv() {
    uv_used_ = true;
    return &loop_;
  }
  Poller& poller() { return *poller_; }
  Deadlines& deadlines() { return *deadlines_; }
  std::span<std::byte> read_buffer() { return {buffer_.get(), kReadBuffer}; }
  // Destroys `object` after the events of this iteration of the event loop.
  void retire(std::unique_ptr<Retirable> object);
  // Destroys all retired objects now. Call after the loop has stopped, before destroying objects to
  // which they refer.
  void destroy_retired();
  // Closes `fd` after the events of this iteration of the event loop. If it were closed at once, a
  // new socket could get its number and receive one of these events.
  void close_later(Fd fd) { closing_.push_back(std::move(fd)); }

 private:
  // Runs libuv when its descriptor is ready.
  struct UvReady final : Ready {
    explicit UvReady(uv_loop_t* loop) : uv(loop) {}
    void on_ready(std::uint32_t) noexcept override { uv_run(uv, UV_RUN_NOWAIT); }
    uv_loop_t* uv;
  };

  void before_wait();
  void wait_in_virtual_time();
  void take_mail();

  uv_loop_t loop_{};
  UvReady uv_ready_{&loop_};
  bool uv_used_ = true;
  bool stopped_ = false;
  std::uint64_t iteration_ = 1;
  std::uint64_t written_in_ = 0;  // the iteration to which write_cost_ belongs
  std::size_t write_cost_ = 0;
  VirtualTime::Participant participant_;  // takes part in virtual time until run() returns
  std::unique_ptr<Poller> poller_;
  std::unique_ptr<Deadlines> deadlines_;
  UvPtr<uv_async_t> mail_signal_;
  std::unique_ptr<std::byte[]> buffer_;
  std::vector<std::unique_ptr<Retirable>> retired_;
  std::vector<Fd> closing_;

  std::mutex mail_mutex_;
  std::vector<std::function<void()>> mail_;
};

}  // namespace brownout::proxy
