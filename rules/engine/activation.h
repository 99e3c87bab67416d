// Activation computes the times at which one rule is active for one flow (a connection, a UDP
// session, an HTTP request or a DNS query). Times depend on the rule's schedule and on random draws
// with its probability.
//
//   per connection, client, query, request
//                           one window, or none. While a probability ramps up, a flow with random
//                           number u becomes active when the ramp passes u, and stays active.
//   per second              one window for each randomly selected second of the flow's life
//   per chunk, message      the whole schedule; hits_chunk() decides for each chunk
//
// For HTTP, a request with its response counts as one message and as one chunk.
//
// Pure functions. The Rule and the FlowFacts are borrowed and must outlive the object.
#pragma once

#include "rules/engine/rule.h"

namespace brownout::rules {

class Activation {
 public:
  Activation(const Rule& rule, const FlowFacts& flow);

  // Returns the window of time that contains `now` and in which the rule is active, or else the
  // next such window. Returns {kNever, kNever} if the rule is never active again. Any other empty
  // window means that the search is not finished: call next() again with the window's `open`.
  Window next(Instant now) const;
  // Whether a random number is drawn for each chunk or message, instead of once for the whole time
  // in which the rule is active.
  bool per_chunk() const {
    if (carrier_ == Carrier::kHttp) return false;
    return rule_->per == Per::kChunk || rule_->per == Per::kMessage ||
           (rule_->per == Per::kRequest && carrier_ == Carrier::kMessage);
  }
  // Whether these random numbers select some chunks or messages only.
  bool selects_chunks() const;
  // Whether the random draw for a chunk or message selects it; true unless per_chunk(). `chunk` is
  // its number in this direction.
  bool hits_chunk(Direction direction, std::uint64_t chunk, Instant now) const;
  // Returns the random number in [0, 1) that was drawn for the flow. The rule acts if the number is
  // less than the probability. No value if the probability is 100%, or if a number is drawn for
  // each chunk or second instead.
  std::optional<double> draw() const;
  // Returns the random number that was drawn for a chunk. No value unless a number is drawn for
  // each chunk.
  std::optional<double> draw(Direction direction, std::uint64_t chunk) const;

 private:
  Ratio probability_at(Instant now) const;
  Window next_second(Instant now) const;
  Window search_again_after(const Window& over) const;
  bool second_hits(std::int64_t second) const;

  const Rule* rule_;
  Dice dice_;
  Instant opened_;
  Carrier carrier_;
};

}  // namespace brownout::rules
