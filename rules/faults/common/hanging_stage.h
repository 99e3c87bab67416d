// HangingStage makes a connection hang at the instant `at`: from then on all data is held, and
// neither end gets a FIN or RST. When the rule ends, the held data is delivered, and the connection
// works again. For thread and ownership see stage.h.
#pragma once

#include "rules/engine/delay_line.h"

namespace brownout::rules {

class HangingStage final : public HoldingStage {
 public:
  // `action` is the name of the action in the event log, a string literal.
  HangingStage(Instant at, std::string_view action) : at_(at), action_(action) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    hold(std::move(chunk), cut_ ? kNever : now, now, out);
  }
  void finish(Instant now, Output& out) override {
    line_.finish(cut_ ? kNever : now);
    line_.drain(now, out);
  }
  void wake(Instant now, Output& out) override {
    cut_ = true;
    out.note({.action = action_}, now);
  }
  Instant deadline() const override { return cut_ ? kNever : at_; }
  bool blackholed() const override { return cut_; }

 private:
  Instant at_;
  std::string_view action_;
  bool cut_ = false;
};

}  // namespace brownout::rules
