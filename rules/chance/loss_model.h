// LossModel decides which packets are lost: independent losses with netem's correlation, or bursts
// by the Gilbert-Elliott model or by a Markov chain of up to four states. Parameters are named as
// in tc-netem(8), `loss gemodel p r 1-h 1-k` and `loss state p13 p31 p32 p23 p14`.
//
// Gilbert-Elliott:
//   p    probability per packet to change from the good to the bad state
//   r    probability per packet to change from the bad to the good state
//   1-h  loss in the bad state     1-k  loss in the good state
// Share of packets in the bad state: bad = p / (p + r). Mean loss: bad * (1-h) + (1-bad) * (1-k).
// Mean length of a bad period: 1/r packets.
//
// Four states (Salsano et al., "Definition of a general and intuitive loss model for packet
// networks and its implementation in the Netem module in the Linux kernel", 2012). A packet changes
// the state, then the state decides:
//   1  received              -> 3 by p13, -> 4 by p14
//   2  received in a burst   -> 3 by p23
//   3  lost in a burst       -> 1 by p31, -> 2 by p32
//   4  lost alone            -> 1
// Stationary shares, relative to state 1: state 3 p13/p31, state 2 p13 p32 / (p31 p23), state 4
// p14.
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

// Without the optional parameters p14, p32 and p23, fewer states are used: two with p31, and with
// p13 alone losses are independent.
struct FourState {
  Ratio p13{};
  Ratio p31{};
  Ratio p32{};
  Ratio p23{Ratio::kOne};
  Ratio p14{};

  double mean_loss() const;
  // Returns the mean number of packets that are lost in a row; 0 if none is lost, infinity if the
  // loss never ends.
  double mean_burst() const;
};

class LossModel {
 public:
  LossModel(Dice dice, Ratio loss, Ratio correlation);
  LossModel(Dice dice, const GilbertElliott& model);
  LossModel(Dice dice, const FourState& model);

  // Returns whether the next packet is lost. `intensity` (0 to 1) scales the loss probability, so
  // that a rule can raise it gradually.
  bool next(double intensity);
  // Returns the long-term share of lost packets.
  double mean_loss() const { return mean_; }

 private:
  Ratio chance_of_next();
  void change_state(const FourState& model);

  CorrelatedDraws draws_;
  Dice states_;
  Ratio loss_{};
  std::optional<GilbertElliott> model_;
  std::optional<FourState> four_;
  int state_ = 1;  // current state of four_, from 1 to 4
  double mean_;
  bool bad_ = false;
  std::uint64_t packets_ = 0;
};

}  // namespace brownout::rules
