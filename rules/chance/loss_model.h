// LossModel decides which packets are lost: independent losses with netem's correlation, or bursts
// by the Gilbert-Elliott model. Parameters are named as in tc-netem(8) `loss gemodel p r 1-h 1-k`.
//
//   p    probability per packet to change from the good to the bad state
//   r    probability per packet to change from the bad to the good state
//   1-h  loss in the bad state     1-k  loss in the good state
// Share of packets in the bad state: bad = p / (p + r). Mean loss: bad * (1-h) + (1-bad) * (1-k).
// Mean length of a bad period: 1/r packets.
//
// A LossModel belongs to one stage (rules/engine/stage.h), that is, to one fault at work on one
// direction of a flow; one thread.
#pragma once

#include <optional>

#include "rules/chance/distribution.h"

namespace brownout::rules {

struct GilbertElliott {
  Ratio p{};
  Ratio r{};
  Ratio loss_in_bad{Ratio::kOne};
  Ratio loss_in_good{};

  double mean_loss() const;
};

class LossModel {
 public:
  LossModel(Dice dice, Ratio loss, Ratio correlation);
  LossModel(Dice dice, const GilbertElliott& model);

  // Returns whether the next packet is lost. `intensity` (0 to 1) scales the loss probability, so
  // that a rule can raise it gradually.
  bool next(double intensity);
  // Returns the long-term share of lost packets.
  double mean_loss() const { return mean_; }

 private:
  CorrelatedDraws draws_;
  Dice states_;
  Ratio loss_{};
  std::optional<GilbertElliott> model_;
  double mean_;
  bool bad_ = false;
  std::uint64_t packets_ = 0;
};

}  // namespace brownout::rules
