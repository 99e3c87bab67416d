// DelayLine is a FIFO that delays chunks until given times and keeps their order. Most faults use
// one.
//
// HoldingStage is a stage with such a queue: a fault only decides when each chunk leaves. Thread
// and ownership as in stage.h.
#pragma once

#include <vector>

#include "rules/engine/stage.h"

namespace brownout::rules {

class DelayLine {
 public:
  // The chunk leaves at `ready`, or with the chunk ahead of it if that is later.
  void add(Chunk chunk, Instant ready);
  // Queues the end of the stream like a chunk.
  void finish(Instant ready);
  // Emits all chunks due at or before `now`.
  void drain(Instant now, Output& out);
  // Emits all chunks.
  void release(Instant now, Output& out);

  Instant deadline() const { return empty() ? kNever : items_[head_].ready; }
  // The time at which the last chunk leaves; Instant::min() if the line is empty.
  Instant last() const { return empty() ? Instant::min() : items_.back().ready; }
  bool empty() const { return head_ == items_.size(); }
  std::size_t held() const { return held_; }

 private:
  struct Item {
    Instant ready;
    Chunk chunk;
    bool end = false;  // end of the stream
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
  // Holds the chunk until `ready`, or until all chunks ahead of it have left if that is later.
  void hold(Chunk chunk, Instant ready, Instant now, Output& out);

  DelayLine line_;
};

}  // namespace brownout::rules
