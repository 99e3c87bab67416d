// Which packets are lost: Bernoulli with netem's correlation, or the Gilbert-Elliott model, with
// the names of tc-netem(8) `loss gemodel p r 1-h 1-k`.
//
//   p    chance to go from the good to the bad state, before each packet
//   r    chance to go back
//   1-h  loss in the bad state     1-k  loss in the good state
// Share of time in bad: p / (p + r). Mean loss: bad * (1-h) + good * (1-k). Mean length of a bad
// period: 1/r.
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

  // Whether the next packet is lost. `intensity` (0 to 1) scales the chance, for ramps.
  bool next(double intensity);
  // The chance that a packet sent at any later time is lost.
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
