// Byte stages with one bug each. The checks in properties.h must detect every bug, which proves
// that they can fail. FoundationDB calls such tests negative tests.
#pragma once

#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"
#include "rules/engine/rule.h"

namespace brownout::test {

using namespace rules;

// Returns a rule whose fault acts by a stage of class S.
template <class S, Carrier carrier = Carrier::kStream>
Rule rule_of() {
  class BrokenFault final : public Fault {
   public:
    std::unique_ptr<Stage> stage(const StageContext&) const override {
      return std::make_unique<S>();
    }
  };
  static const FaultKind kind{.name = "broken",
                              .level = Level::kBytes,
                              .carriers = CarrierSet(carrier),
                              .summary = {},
                              .correct_client = {},
                              .unit = {},
                              .composition = {},
                              .source = {}};
  Rule rule;
  rule.name = "broken";
  rule.kind = &kind;
  rule.fault = std::make_shared<BrokenFault>();
  return rule;
}

class DropsAByte final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    if (chunk.size() > 100) chunk.take_front(1);
    out.emit(std::move(chunk), now);
  }
};

class Reorders final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    if (last_.empty()) {
      last_ = std::move(chunk);
      return;
    }
    out.emit(std::move(chunk), now);
    out.emit(std::move(last_), now);
    last_ = {};
  }
  void finish(Instant now, Output& out) override {
    if (!last_.empty()) out.emit(std::move(last_), now);
    out.finish(now);
  }
  std::size_t held() const override { return last_.size(); }

 private:
  Chunk last_;
};

class ForgetsFinish final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
  void finish(Instant, Output&) override {}
};

class KeepsOnRelease final : public HoldingStage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    hold(std::move(chunk), later(now, std::chrono::hours(1)), now, out);
  }
  void release(Instant, Output&) override {}
};

class MiscountsHeld final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
  std::size_t held() const override { return 1; }
};

// Delivers later after every seventh call of deadline(), so its output depends on the caller.
class DependsOnTheDriver final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    out.emit(std::move(chunk), now);
    due_ = later(now, std::chrono::milliseconds(1));
  }
  void wake(Instant now, Output& out) override {
    out.note({.action = "woken"}, now);
    due_ = ++wakes_ < 5 ? later(now, std::chrono::milliseconds(1)) : kNever;
  }
  Instant deadline() const override {
    ++asked_;
    return due_ == kNever || asked_ % 7 != 0 ? due_ : later(due_, std::chrono::milliseconds(1));
  }

 private:
  Instant due_ = kNever;
  int wakes_ = 0;
  mutable int asked_ = 0;
};

class FinishesTwice final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
  void finish(Instant now, Output& out) override {
    out.finish(now);
    out.finish(now);
  }
};

}  // namespace brownout::test
