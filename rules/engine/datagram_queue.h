// DatagramQueue delays each datagram by its own time, so datagrams may overtake each other.
// Datagrams with equal times leave in order of arrival. DelayLine (delay_line.h) keeps the order
// instead.
//
// DatagramStage is a stage (stage.h) with such a queue: the fault only decides when each datagram
// leaves. Boundaries are preserved, and datagrams may be empty. On a connection of messages, the
// end of the stream leaves after the last message. For thread and ownership see stage.h.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/engine/stage.h"

namespace brownout::rules {

class DatagramQueue {
 public:
  void add(Chunk datagram, Instant ready);
  // Emits all datagrams that are due at or before `now`, in the order of their times. Both
  // functions keep the rest when Output::full() is true.
  void drain(Instant now, Output& out);
  // Emits all datagrams now, whether they are due or not, in the order of their times.
  void release(Instant now, Output& out) { drain(kNever, now, out); }

  Instant deadline() const { return heap_.empty() ? kNever : heap_.front().ready; }
  std::size_t held() const { return held_; }
  std::size_t count() const { return heap_.size(); }

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
  std::size_t held_datagrams() const override { return queue_.count(); }

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
