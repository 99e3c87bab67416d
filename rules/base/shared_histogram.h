// SharedHistogram counts durations in fixed buckets, as a Prometheus histogram does. All functions
// may be called from any thread. A reader may see the count of an addition before its sum; the
// difference is too small to matter in a chart.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "rules/base/instant.h"

namespace brownout::rules {

class SharedHistogram {
 public:
  // Upper bounds of the buckets, in seconds. An additional last bucket counts longer durations.
  static constexpr std::array<double, 16> kBounds{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

  void add(Duration value) {
    const double seconds = std::chrono::duration<double>(value).count();
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value.count(), std::memory_order_relaxed);
  }

  // Returns the number of durations in one bucket, by index.
  std::uint64_t count(std::size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  bool empty() const {
    for (const auto& count : counts_) {
      if (count.load(std::memory_order_relaxed) != 0) return false;
    }
    return true;
  }
  Duration sum() const { return Duration(sum_.load(std::memory_order_relaxed)); }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<Duration::rep> sum_{0};
};

}  // namespace brownout::rules
