// Datagrams that leave at an instant, each for itself: what overtakes what is decided by the
// instants alone (equal ones leave in order of arrival). The counterpart of DelayLine, which keeps
// the order of a stream.
//
// DatagramStage is a stage around one, so that a fault only says when a datagram leaves. Datagrams
// keep their boundaries; empty ones exist. Where there is an end (of a connection's messages), it
// leaves behind the last. Thread and ownership as in stage.h.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/engine/stage.h"

namespace brownout::rules {

class DatagramQueue {
 public:
  void add(Chunk datagram, Instant ready);
  // Emits everything due at or before `now`, in the order of the instants.
  void drain(Instant now, Output& out);
  // Emits everything, in the order in which it would have left.
  void release(Instant now, Output& out) { drain(kNever, now, out); }

  Instant deadline() const { return heap_.empty() ? kNever : heap_.front().ready; }
  std::size_t held() const { return held_; }

 private:
  struct Item {
    Instant ready;
    std::uint64_t arrival = 0;
    Chunk datagram;
  };
  static bool later_than(const Item& a, const Item& b);
  void drain(Instant due, Instant now, Output& out);

  std::vector<Item> heap_;
  std::uint64_t arrivals_ = 0;
  std::size_t held_ = 0;
};

class DatagramStage : public Stage {
 public:
  void finish(Instant now, Output& out) override {
    ended_ = true;
    pass_end(now, out);
  }
  void wake(Instant now, Output& out) override {
    queue_.drain(now, out);
    pass_end(now, out);
  }
  void release(Instant now, Output& out) override {
    queue_.release(now, out);
    pass_end(now, out);
  }
  Instant deadline() const override { return queue_.deadline(); }
  std::size_t held() const override { return queue_.held(); }

 protected:
  void hold(Chunk datagram, Instant ready, Instant now, Output& out) {
    if (ready <= now) return out.emit(std::move(datagram), now);
    queue_.add(std::move(datagram), ready);
  }

  DatagramQueue queue_;

 private:
  void pass_end(Instant now, Output& out) {
    if (!ended_ || queue_.deadline() != kNever) return;
    ended_ = false;
    out.finish(now);
  }

  bool ended_ = false;
};

}  // namespace brownout::rules
