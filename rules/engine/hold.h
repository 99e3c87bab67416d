// Hold delays one HTTP or DNS message until other messages of the same client have arrived
// (shared_stages.h). Any thread may end the hold; the flow of the message waits for it on its own
// thread.
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

  // Whether the hold has ended. Any thread.
  bool over() const { return state_.load(std::memory_order_acquire) == State::kOver; }

  // The functions below are for the flow's thread.

  // Calls told() once when the hold ends, on the thread that ends it; at once if it has ended
  // already. May be called only once.
  void watch(std::function<void()> told) {
    told_ = std::move(told);
    auto held = State::kHeld;
    if (state_.compare_exchange_strong(held, State::kWatched, std::memory_order_acq_rel)) return;
    told_();
    let_go_behind();
  }
  // The time at which wake() must be called.
  virtual Instant deadline() const = 0;
  // Must be called at deadline(). Returns notes about the faults injected.
  virtual std::vector<Note> wake(Instant now) = 0;

 protected:
  // Ends the hold. Must be called only once; any thread.
  void let_go() {
    if (state_.exchange(State::kOver, std::memory_order_acq_rel) == State::kWatched) told_();
  }
  // Sets the holds that end directly after this one. Must be called before watch().
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
