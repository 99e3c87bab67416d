// SharedStages: the stages of a rule that must see several messages of HTTP or DNS together
// (hold_until, a window of reorder). An exchange is a flow of its own, so what a connection is to
// the messages of other protocols its client's address is to them: one stage for each client and
// direction, whichever threads serve it. A message is there without its bytes, as a Chunk with its
// facts; it waits with its flow until the stage emits the chunk.
//
// Bounded: past kMostHeld messages of a client the next ones pass at once.
#pragma once

#include <memory>
#include <optional>

#include "rules/base/shared_model.h"
#include "rules/chance/client_table.h"
#include "rules/engine/fault.h"
#include "rules/engine/hold.h"

namespace brownout::rules {

class SharedStages final : public FaultState {
 public:
  static constexpr std::size_t kMostHeld = 10'000;

  struct Passage {
    std::shared_ptr<Hold> hold;  // null: it passes at once; else when the hold has told it
    std::optional<Note> note;
  };
  // The fault acts on a message, or it passes (Stage::pass). Of `context` the flow is what is known
  // of the message, borrowed for the call, and the dice are of the rule alone. Any thread.
  Passage push(const Fault& fault, const StageContext& context);
  void pass(const StageContext& context);

 private:
  class Held;
  struct HeldMessage;
  struct Inside {
    FlowFacts flow;  // without what is borrowed
    std::unique_ptr<Stage> stage;
    Instant last{};
    std::size_t held = 0;
  };
  using Client = SharedModel<Inside>;
  // Outlives the rule while a message waits in it.
  struct Slot {
    std::shared_ptr<Client> client = std::make_shared<Client>();
  };
  class Freed;

  static Key key_of(const StageContext& context);
  static Inside& inside(std::optional<Inside>& state, const Fault& fault,
                        const StageContext& context);
  static Instant advance(Inside& inside, Instant now, Freed& out);
  // The stage is told of a message: it acts on one with a hold, and passes one without.
  static void meet(Inside& inside, const StageContext& context, const std::shared_ptr<Held>& hold,
                   Freed& out);

  ClientTable<Slot> clients_;
};

}  // namespace brownout::rules
