// LagMeter: measures how late an event loop runs. It sets a deadline every quarter of a second, and
// records how late the deadline is handled. Use only on the event loop's thread, except for the
// histogram.
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
    // Reads the clock again, since the parameter is the time before other due deadlines were
    // handled.
    histogram_.add(Loop::now() - due_);
    start();
  }

  Loop& loop_;
  Instant due_{};
  rules::SharedHistogram histogram_;
};

}  // namespace brownout::proxy
