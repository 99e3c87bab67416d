// A link passes bytes at a rate: a constant one, one that varies, or that of a recorded trace.
//
// LinkSettings describe the link. LinkState is how far its capacity is used; connections on several
// threads may share one. LinkUse is what a stage (stage.h) uses; thread and owner are those of the
// stage.
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

// A rate that is drawn anew, uniformly between the rate of the link and `to`, each `every`.
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

  // Takes the next `bytes` of the trace's opportunities at or after `from`, which is counted from
  // the start of the trace, and returns the time of the last one.
  Duration take(const DeliveryTrace& trace, Duration from, std::int64_t bytes);
  // Returns how many bytes the opportunity can still deliver from which take() would begin.
  std::int64_t left(const DeliveryTrace& trace, Duration from) const;

 private:
  // Bytes of the trace's opportunities, from its start, that are used or have passed.
  std::atomic<std::uint64_t> used_{0};
};

class LinkUse {
 public:
  // The variation and the trace begin at `start`. `shared` is the state of a link that several
  // connections use; it is borrowed. If null, the link belongs to this user alone.
  LinkUse(const LinkSettings& settings, const Intensity& intensity, const Dice& dice, Instant start,
          LinkState* shared);

  const PacketCost& cost() const { return settings_.cost; }
  // Reserves the link for bytes on the line, and returns when the last of them has passed.
  Instant reserve(Instant now, std::int64_t line_bytes);
  // Returns how many bytes of a stream may pass as one piece: 10 ms at the present rate, or the
  // rest of an opportunity of the trace.
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
