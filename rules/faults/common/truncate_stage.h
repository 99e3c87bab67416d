// TruncateStage passes the first bytes of a body or message, drops the rest, and closes the
// connection. Used by truncate_body and truncate_message. For thread and ownership see stage.h.
#pragma once

#include <algorithm>

#include "rules/engine/stage.h"

namespace brownout::rules {

class TruncateStage final : public Stage {
 public:
  // `after` is the number of bytes that pass.
  TruncateStage(std::int64_t after, Close how) : left_(after), how_(how) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto size = static_cast<std::int64_t>(chunk.size());
    const auto passed = std::min(left_, size);
    left_ -= passed;
    out.emit(chunk.take_front(static_cast<std::size_t>(passed)), now);
    if (passed == size) return;
    out.note({.action = "cut", .bytes = size - passed}, now);
    out.close(how_, now);
  }

 private:
  std::int64_t left_;
  Close how_;
};

}  // namespace brownout::rules
