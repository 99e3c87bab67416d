// RateStage limits the bandwidth of a stream to that of a simulated link (link.h), for the faults
// bandwidth and response_rate. Bytes leave in pieces that take at most 10 ms, so that the limit
// holds over short times, too. For thread and ownership see stage.h.
#pragma once

#include "rules/engine/stage.h"
#include "rules/faults/common/link.h"

namespace brownout::rules {

class RateStage final : public Stage {
 public:
  // The arguments are those of LinkUse.
  RateStage(const LinkSettings& settings, const Intensity& intensity, const Dice& dice,
            Instant start, LinkState* shared = nullptr)
      : link_(settings, intensity, dice, start, shared) {}

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

  LinkUse link_;
  ChunkQueue queue_;
  std::size_t piece_ = 0;
  std::int64_t in_segment_ = 0;  // bytes of the present segment that have been reserved
  Instant leaves_ = kNever;
  bool finished_ = false;
  bool noted_ = false;
};

}  // namespace brownout::rules
