// DelayLine is a FIFO queue that delays each chunk until a given time and keeps their order. Most
// faults use one.
//
// HoldingStage is a stage (stage.h) with such a queue: the fault only decides when each chunk
// leaves. For thread and ownership see stage.h.
#pragma once

#include <vector>

#include "rules/engine/stage.h"

namespace brownout::rules {

class DelayLine {
 public:
  // Adds a chunk that leaves at `ready`. If the chunk before it leaves later, both leave together.
  void add(Chunk chunk, Instant ready);
  // Adds the end of the stream, which waits in the queue like a chunk.
  void finish(Instant ready);
  // Emits all chunks that are due at or before `now`.
  void drain(Instant now, Output& out);
  // Emits all chunks, whether they are due or not.
  void release(Instant now, Output& out);

  Instant deadline() const { return empty() ? kNever : items_[head_].ready; }
  // Returns the time at which the last chunk leaves; Instant::min() if the queue is empty.
  Instant last() const { return empty() ? Instant::min() : items_.back().ready; }
  bool empty() const { return head_ == items_.size(); }
  std::size_t held() const { return held_; }

 private:
  struct Item {
    Instant ready;
    Chunk chunk;
    bool end = false;  // marks the end of the stream instead of a chunk
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
  // Holds the chunk until `ready`, and until all chunks before it have left.
  void hold(Chunk chunk, Instant ready, Instant now, Output& out);

  DelayLine line_;
};

}  // namespace brownout::rules
