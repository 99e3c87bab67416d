// What most faults need: chunks that leave at an instant, never before those ahead of them.
//
// DelayLine is the queue; HoldingStage is a stage around one, so that a fault only says when a
// chunk leaves. Thread and ownership as in stage.h.
#pragma once

#include <vector>

#include "rules/engine/stage.h"

namespace brownout::rules {

class DelayLine {
 public:
  // Leaves at `ready`, or when the one ahead leaves if that is later: order is kept.
  void add(Chunk chunk, Instant ready);
  // The end of the stream leaves like a chunk.
  void finish(Instant ready);
  // Emits everything due at or before `now`.
  void drain(Instant now, Output& out);
  // Emits everything.
  void release(Instant now, Output& out);

  Instant deadline() const { return empty() ? kNever : items_[head_].ready; }
  // When the newest leaves; Instant::min() when nothing is inside.
  Instant last() const { return empty() ? Instant::min() : items_.back().ready; }
  bool empty() const { return head_ == items_.size(); }
  std::size_t held() const { return held_; }

 private:
  struct Item {
    Instant ready;
    Chunk chunk;
    bool end = false;  // of the stream
  };
  std::vector<Item> items_;
  std::size_t head_ = 0;
  std::size_t held_ = 0;
};

class HoldingStage : public Stage {
 public:
  void pass(Chunk chunk, Instant now, Output& out) override {
    hold(std::move(chunk), now, now, out);
  }
  void finish(Instant now, Output& out) override;
  void wake(Instant now, Output& out) override { line_.drain(now, out); }
  void release(Instant now, Output& out) override { line_.release(now, out); }
  Instant deadline() const override { return line_.deadline(); }
  std::size_t held() const override { return line_.held(); }

 protected:
  // Holds the chunk until `ready`, and no shorter than what is ahead of it.
  void hold(Chunk chunk, Instant ready, Instant now, Output& out);

  DelayLine line_;
};

}  // namespace brownout::rules
