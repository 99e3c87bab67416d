// EmitBudget limits how many chunks the stages of many chains (chain.h) emit in one iteration of an
// event loop. Without it, a million held datagrams that become due together would leave in one
// iteration, and the other flows of the thread would wait for seconds.
//
// Each arriving chunk increases the budget by what its own way needs, so a budget never limits
// throughput. Used by one thread only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace brownout::rules {

class EmitBudget {
 public:
  // Must be called with the number of the event loop's iteration, before chains are used in it.
  void begin(std::uint64_t iteration) {
    if (iteration == iteration_) return;
    iteration_ = iteration;
    left_ = kLeast;
  }
  // Increases the budget by what a chunk of this size needs to pass `stages` stages.
  void earn(std::size_t size, std::size_t stages) {
    left_ += cost(size) * static_cast<std::int64_t>(stages);
  }
  void take(std::size_t size) { left_ -= cost(size); }
  bool spent() const { return left_ <= 0; }

 private:
  // Sending 256 datagrams takes less than a millisecond.
  static constexpr std::int64_t kLeast = 256;
  // Sending this many bytes takes about as long as a system call.
  static constexpr std::size_t kBytesPerUnit = 8192;

  static std::int64_t cost(std::size_t size) {
    return 1 + static_cast<std::int64_t>(size / kBytesPerUnit);
  }

  std::uint64_t iteration_ = 0;
  std::int64_t left_ = kLeast;
};

}  // namespace brownout::rules
