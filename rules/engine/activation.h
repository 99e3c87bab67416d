// When one rule is active for one flow: the schedule and the dice together, as a function of time.
//
//   per connection, client, query, request
//                           one window, or none. While a probability ramps up, a flow whose draw
//                           is u joins when the ramp passes u: nobody is thrown again or leaves.
//   per second              a window for each second (of the flow's life) that the dice choose
//   per chunk, message      the whole schedule; hits_chunk() decides for each chunk
//
// Of HTTP a message, or a chunk, is a request with its response.
//
// Pure; borrowed rule and facts must outlive it.
#pragma once

#include "rules/engine/rule.h"

namespace brownout::rules {

class Activation {
 public:
  Activation(const Rule& rule, const FlowFacts& flow);

  // The window that contains `now`, or the next one; {kNever, kNever} when none will come.
  Window next(Instant now) const;
  // Whether the dice are thrown for each chunk that a stage gets.
  bool per_chunk() const {
    if (carrier_ == Carrier::kHttp) return false;
    return rule_->per == Per::kChunk || rule_->per == Per::kMessage ||
           (rule_->per == Per::kRequest && carrier_ == Carrier::kMessage);
  }
  bool hits_chunk(Direction direction, std::uint64_t chunk, Instant now) const;

 private:
  Ratio probability_at(Instant now) const;
  Window next_second(Instant now) const;
  bool second_hits(std::int64_t second) const;

  const Rule* rule_;
  Dice dice_;
  Instant opened_;
  Carrier carrier_;
};

}  // namespace brownout::rules
