// LagMeter: how late a loop is: a deadline every quarter of a second, and how long after it the
// loop comes to it. Loop's thread only, but for the histogram.
#pragma once

#include "proxy/loop/loop.h"
#include "rules/base/shared_histogram.h"

namespace brownout::proxy {

class LagMeter final : private Deadline {
 public:
  explicit LagMeter(Loop& loop) : loop_(loop) {}

  void start() {
    due_ = Loop::now() + kEvery;
    loop_.deadlines().set(*this, due_);
  }
  const rules::SharedHistogram& histogram() const { return histogram_; }

 private:
  static constexpr Duration kEvery = std::chrono::milliseconds(250);

  void on_due(Instant) noexcept override {
    // The clock of this moment, not that of the turn, which began before what made it late.
    histogram_.add(Loop::now() - due_);
    start();
  }

  Loop& loop_;
  Instant due_{};
  rules::SharedHistogram histogram_;
};

}  // namespace brownout::proxy
