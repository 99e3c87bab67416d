// SharedModel protects a model (a queue, a table) with a lock, so that all connections to which a
// rule applies can share it across threads.
#pragma once

#include <atomic>
#include <optional>

namespace brownout::rules {

// The lock is held for short times only. A thread that finds it taken sleeps
// (std::atomic_flag::wait) instead of spinning.
template <class Model>
class SharedModel {
 public:
  // Calls use(model) under the lock and returns its result. `model` is a std::optional<Model>&,
  // which is empty until a caller sets it.
  template <class Use>
  auto use(Use use) {
    while (busy_.test_and_set(std::memory_order_acquire))
      busy_.wait(true, std::memory_order_relaxed);
    const auto result = use(model_);
    busy_.clear(std::memory_order_release);
    busy_.notify_one();
    return result;
  }

 private:
  std::atomic_flag busy_;
  std::optional<Model> model_;
};

}  // namespace brownout::rules
