// StatusLine shows the proxy's current traffic in one line below the log, redrawn every second
// during its lifetime. Shows nothing unless standard error is a terminal. Used by the control
// loop's thread only.
#pragma once

#include "proxy/engine/engine.h"
#include "proxy/loop/loop.h"

namespace brownout::cli {

class StatusLine final : private proxy::Deadline {
 public:
  StatusLine(proxy::Loop& loop, const proxy::Engine& engine);
  ~StatusLine() override;

 private:
  void on_due(proxy::Instant now) noexcept override;
  std::string compose(proxy::Instant now);

  proxy::Loop& loop_;
  const proxy::Engine& engine_;
  proxy::Instant last_{};
  std::uint64_t last_up_ = 0;
  std::uint64_t last_down_ = 0;
};

}  // namespace brownout::cli
