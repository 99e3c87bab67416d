// What holds one message of HTTP or DNS back until others of its client have come
// (shared_stages.h). It is let go on whichever thread serves the last of them, and waited for on
// that of its own flow.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rules/engine/stage.h"

namespace brownout::rules {

class Hold {
 public:
  Hold() = default;
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  virtual ~Hold() { let_go_behind(); }

  // Any thread.
  bool over() const { return state_.load(std::memory_order_acquire) == State::kOver; }

  // Those below: the thread of the flow. Calls told() once it is over: on the thread that lets it
  // go, or now. At most once in its life.
  void watch(std::function<void()> told) {
    told_ = std::move(told);
    auto held = State::kHeld;
    if (state_.compare_exchange_strong(held, State::kWatched, std::memory_order_acq_rel)) return;
    told_();
    let_go_behind();
  }
  // When it must be told the time; returns what was done.
  virtual Instant deadline() const = 0;
  virtual std::vector<Note> wake(Instant now) = 0;

 protected:
  // Once, from any thread.
  void let_go() {
    if (state_.exchange(State::kOver, std::memory_order_acq_rel) == State::kWatched) told_();
  }
  // Before anybody watches it: those that go right behind it.
  void set_behind(std::vector<std::shared_ptr<Hold>> behind) { behind_ = std::move(behind); }

 private:
  enum class State { kHeld, kWatched, kOver };

  void let_go_behind() {
    for (const auto& held : std::exchange(behind_, {})) held->let_go();
  }

  std::atomic<State> state_{State::kHeld};
  std::function<void()> told_;
  std::vector<std::shared_ptr<Hold>> behind_;
};

}  // namespace brownout::rules
