// Two stages that drop data: DropStage drops every chunk or datagram, LossyStage only those that a
// loss model selects. For thread and ownership see stage.h.
#pragma once

#include <cstdint>

#include "rules/chance/loss_model.h"
#include "rules/chance/schedule.h"
#include "rules/engine/stage.h"

namespace brownout::rules {

inline Note dropped(const Chunk& chunk, std::uint64_t ordinal) {
  return {.action = "drop", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = ordinal};
}

class DropStage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    out.note(dropped(chunk, chunks_++), now);
  }

 private:
  std::uint64_t chunks_ = 0;
};

class LossyStage final : public Stage {
 public:
  LossyStage(LossModel model, const Intensity& intensity)
      : model_(std::move(model)), intensity_(intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = chunks_++;
    if (!model_.next(intensity_.at(now))) return out.emit(std::move(chunk), now);
    out.note(dropped(chunk, ordinal), now);
  }

 private:
  LossModel model_;
  Intensity intensity_;
  std::uint64_t chunks_ = 0;
};

}  // namespace brownout::rules
