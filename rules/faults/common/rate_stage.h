// RateStage passes a stream no faster than a rate, for the faults bandwidth and response_rate.
// Bytes leave in pieces that take at most 10 ms at this rate, so that the limit holds over short
// times, too. Thread and owner are those of any stage (stage.h).
#pragma once

#include "rules/base/units.h"
#include "rules/chance/pacer.h"
#include "rules/chance/schedule.h"
#include "rules/engine/stage.h"

namespace brownout::rules {

class RateStage final : public Stage {
 public:
  // `burst` is the number of bytes that may leave at once after a pause. `shared` is a rate limiter
  // that several flows use together; it is borrowed. If null, the stage uses a rate limiter of its
  // own.
  RateStage(Rate rate, Bytes burst, const Intensity& intensity, Pacer* shared = nullptr);

  void push(Chunk chunk, Instant now, Output& out) override;
  void finish(Instant now, Output& out) override;
  void wake(Instant now, Output& out) override { send_due(now, out); }
  void release(Instant now, Output& out) override;
  Instant deadline() const override { return leaves_; }
  std::size_t held() const override { return queue_.bytes(); }

 private:
  void reserve(Instant now);
  void send_due(Instant now, Output& out);
  void pass_end(Instant now, Output& out);

  Rate rate_;
  Bytes burst_;
  Intensity intensity_;
  Pacer own_;
  Pacer* pacer_;
  std::size_t piece_most_;
  ChunkQueue queue_;
  std::size_t piece_ = 0;
  Instant leaves_ = kNever;
  bool finished_ = false;
  bool noted_ = false;
};

}  // namespace brownout::rules
