// Hold makes one HTTP or DNS message wait until other messages of the same client have arrived (see
// shared_stages.h). Any thread may end the hold. The message waits on the thread of its own
// connection.
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

  // Whether the message need not wait any more. Any thread.
  bool over() const { return state_.load(std::memory_order_acquire) == State::kOver; }

  // The public functions below must be called on the thread of the connection.

  // Sets the function to call once when the hold ends, that is, when the message need not wait any
  // more. It is called on the thread that ends the hold, or at once if the hold has already ended.
  // May be called only once.
  void watch(std::function<void()> callback) {
    callback_ = std::move(callback);
    auto held = State::kHeld;
    if (state_.compare_exchange_strong(held, State::kWatched, std::memory_order_acq_rel)) return;
    callback_();
    let_go_behind();
  }
  // Returns the time at which wake() must be called.
  virtual Instant deadline() const = 0;
  // Must be called at the time deadline(). Returns an entry for the event log (Note) for each fault
  // injected.
  virtual std::vector<Note> wake(Instant now) = 0;

 protected:
  // Ends this hold: its message need not wait for it any more. Must be called only once, on any
  // thread.
  void let_go() {
    if (state_.exchange(State::kOver, std::memory_order_acq_rel) == State::kWatched) callback_();
  }
  // Sets the holds of later messages, which end directly after this hold. Must be called before
  // watch().
  void set_behind(std::vector<std::shared_ptr<Hold>> behind) { behind_ = std::move(behind); }

 private:
  enum class State { kHeld, kWatched, kOver };

  void let_go_behind() {
    for (const auto& held : std::exchange(behind_, {})) held->let_go();
  }

  std::atomic<State> state_{State::kHeld};
  std::function<void()> callback_;
  std::vector<std::shared_ptr<Hold>> behind_;
};

}  // namespace brownout::rules
