#include "rules/chance/loss_model.h"

namespace brownout::rules {

double GilbertElliott::mean_loss() const {
  const double sum = p.share() + r.share();
  const double bad = sum > 0 ? p.share() / sum : 0;
  return bad * loss_in_bad.share() + (1 - bad) * loss_in_good.share();
}

LossModel::LossModel(Dice dice, Ratio loss, Ratio correlation)
    : draws_(dice.split("loss"), correlation), loss_(loss), mean_(loss.share()) {}

LossModel::LossModel(Dice dice, const GilbertElliott& model)
    : draws_(dice.split("loss"), Ratio{}),
      states_(dice.split("state")),
      model_(model),
      mean_(model.mean_loss()) {}

bool LossModel::next(double intensity) {
  Ratio chance = loss_;
  if (model_) {
    if (states_.hit(packets_++, bad_ ? model_->r : model_->p)) bad_ = !bad_;
    chance = bad_ ? model_->loss_in_bad : model_->loss_in_good;
  }
  return draws_.next() < chance.share() * intensity;
}

}  // namespace brownout::rules
