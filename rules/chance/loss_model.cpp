#include "rules/chance/loss_model.h"

#include <array>
#include <limits>

namespace brownout::rules {

double GilbertElliott::mean_loss() const {
  const double sum = p.share() + r.share();
  const double bad = sum > 0 ? p.share() / sum : 0;
  return bad * loss_in_bad.share() + (1 - bad) * loss_in_good.share();
}

namespace {

// Shares of the states, relative to each other.
std::array<double, 4> weights(const FourState& model) {
  const double p13 = model.p13.share();
  const double p31 = model.p31.share();
  const double p32 = model.p32.share();
  const double p23 = model.p23.share();
  if (p13 == 0) return {1, 0, 0, model.p14.share()};
  if (p32 > 0 && p23 == 0) return {0, 1, 0, 0};  // state 2 is never left
  const double two_per_three = p32 > 0 ? p32 / p23 : 0;
  if (p31 == 0) return {0, two_per_three, 1, 0};  // state 1 is never entered again
  const double three = p13 / p31;
  return {1, three * two_per_three, three, model.p14.share()};
}

}  // namespace

double FourState::mean_loss() const {
  const auto [first, second, third, fourth] = weights(*this);
  return (third + fourth) / (first + second + third + fourth);
}

double FourState::mean_burst() const {
  const auto [first, second, third, fourth] = weights(*this);
  if (third + fourth == 0) return 0;
  const double bursts = fourth + third * (p31.share() + p32.share());
  return bursts > 0 ? (third + fourth) / bursts : std::numeric_limits<double>::infinity();
}

LossModel::LossModel(Dice dice, Ratio loss, Ratio correlation)
    : draws_(dice.split("loss"), correlation), loss_(loss), mean_(loss.share()) {}

LossModel::LossModel(Dice dice, const GilbertElliott& model)
    : draws_(dice.split("loss"), Ratio{}),
      states_(dice.split("state")),
      model_(model),
      mean_(model.mean_loss()) {}

LossModel::LossModel(Dice dice, const FourState& model)
    : draws_(dice.split("loss"), Ratio{}),
      states_(dice.split("state")),
      four_(model),
      mean_(model.mean_loss()) {}

bool LossModel::next(double intensity) {
  return draws_.next() < chance_of_next().share() * intensity;
}

Ratio LossModel::chance_of_next() {
  if (four_) {
    change_state(*four_);
    return Ratio{state_ >= 3 ? Ratio::kOne : 0};
  }
  if (!model_) return loss_;
  if (states_.hit(packets_++, bad_ ? model_->r : model_->p)) bad_ = !bad_;
  return bad_ ? model_->loss_in_bad : model_->loss_in_good;
}

// One random number selects the next state, as in loss_4state() of the kernel's netem.
void LossModel::change_state(const FourState& model) {
  const double draw = states_.unit(packets_++);
  const auto choose = [&](Ratio first, int then_first, Ratio second, int then_second) {
    if (draw < first.share()) {
      state_ = then_first;
    } else if (draw < first.share() + second.share()) {
      state_ = then_second;
    }
  };
  switch (state_) {
    case 1:
      return choose(model.p14, 4, model.p13, 3);
    case 2:
      return choose(model.p23, 3, {}, 2);
    case 3:
      return choose(model.p32, 2, model.p31, 1);
    default:
      state_ = 1;
  }
}

}  // namespace brownout::rules
