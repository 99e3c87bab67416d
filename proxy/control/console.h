// Standard error for people: log lines, and on a terminal one status line that stays below them.
//
// Thread-safe through spdlog. Nothing here is on the data path.
#pragma once

#include <memory>
#include <string>

#include "proxy/engine/engine.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

// Sets spdlog's default logger. `level` is one of debug, info, warn, error, off. Colours only on a
// terminal.
void set_up_logging(const std::string& level);

// A connection takes two descriptors, and the usual limit is 1024.
void raise_descriptor_limit();

// Redraws the status line every second while it lives. Control loop's thread only.
class StatusLine final : private Deadline {
 public:
  // Does nothing unless standard error is a terminal.
  StatusLine(Loop& loop, const Engine& engine);
  ~StatusLine() override;

 private:
  void on_due(Instant now) noexcept override;
  std::string compose(Instant now);

  Loop& loop_;
  const Engine& engine_;
  bool terminal_;
  Instant last_{};
  std::uint64_t last_up_ = 0;
  std::uint64_t last_down_ = 0;
};

}  // namespace brownout::proxy
