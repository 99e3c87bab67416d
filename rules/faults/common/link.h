// Simulates a network link with limited bandwidth. The rate is constant, varies at random, or
// follows a recorded trace.
//
// LinkSettings describe the link. LinkState records which part of its capacity is used up;
// connections on several threads may share it. LinkUse is the access of one stage (stage.h) to a
// link; the stage owns it.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>

#include "rules/chance/delivery_trace.h"
#include "rules/chance/dice.h"
#include "rules/chance/pacer.h"
#include "rules/chance/packet_cost.h"
#include "rules/chance/schedule.h"

namespace brownout::rules {

// A rate that varies at random: every `every`, a new rate is drawn uniformly between the link's
// `rate` and `to`.
struct RateVariation {
  Rate to{};
  Duration every{};
};

struct LinkSettings {
  Rate rate{};
  Bytes burst{};  // how many bytes may pass at once after a pause
  PacketCost cost{};
  std::optional<RateVariation> vary = {};
  std::optional<DeliveryTrace> trace = {};  // in place of `rate`, `burst` and `vary`
};

class LinkState {
 public:
  Pacer pacer;

  // Uses the trace's next opportunities at or after `from` to deliver `bytes` bytes, and returns
  // the time of the last one. Both times are counted from the start of the trace.
  Duration take(const DeliveryTrace& trace, Duration from, std::int64_t bytes);
  // Returns how many bytes the next opportunity at or after `from`, with which take() would begin,
  // can still deliver.
  std::int64_t left(const DeliveryTrace& trace, Duration from) const;

 private:
  // Number of bytes, counted from the trace's start, whose opportunities are used or have passed.
  std::atomic<std::uint64_t> used_{0};
};

class LinkUse {
 public:
  // The variation and the trace begin at `start`. `shared` is the state of a link that several
  // connections share; it is borrowed. If null, this object has a link of its own.
  LinkUse(const LinkSettings& settings, const Intensity& intensity, const Dice& dice, Instant start,
          LinkState* shared);

  const PacketCost& cost() const { return settings_.cost; }
  // Reserves the link for `line_bytes` bytes (payload and link-layer overhead), and returns the
  // time at which the last one has passed.
  Instant reserve(Instant now, std::int64_t line_bytes);
  // Returns how many bytes of a stream may pass as one piece: those of 10 ms at the present rate,
  // or the rest of the trace's opportunity.
  std::size_t piece(Instant now) const;

 private:
  Rate rate_at(Instant when) const;
  Duration since_start(Instant now) const { return std::max(Duration::zero(), now - start_); }

  LinkSettings settings_;
  Intensity intensity_;
  Dice dice_;
  Instant start_;
  LinkState own_;
  LinkState* state_;
};

}  // namespace brownout::rules
