// SharedStages contains those stages of a rule that process several HTTP or DNS messages together
// (hold_until, reorder with a window).
//
// Each HTTP or DNS exchange is a flow of its own, with only two messages. Such a stage therefore
// gets all messages of a client: one stage per client address and direction, used from all threads.
// The stage gets each message as a Chunk with facts but without bytes. The message waits in its
// connection until the stage emits the chunk.
//
// Memory is bounded. While kMostHeld messages of a client wait, further messages pass at once.
// Messages of clients beyond the size of the table (client_table.h) also pass at once.
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
    // The message waits until this hold ends (hold.h). If null, the message passes now.
    std::shared_ptr<Hold> hold;
    std::optional<Note> note;
  };
  // Gives a message to the stage of its client. `context.flow` contains the facts of the message
  // and is borrowed during the call. `context.dice` must depend on the rule only. Any thread.
  Passage push(const Fault& fault, const StageContext& context);
  // Lets the stage of the client, if there is one, observe a message on which the fault does not
  // act (Stage::pass). Any thread.
  void pass(const StageContext& context);

 private:
  class Held;
  struct HeldMessage;
  struct ClientState {
    FlowFacts flow;  // a copy of the facts without borrowed members
    std::unique_ptr<Stage> stage;
    Instant last{};        // latest time passed to the stage
    std::size_t held = 0;  // number of messages that wait
  };
  using Client = SharedModel<ClientState>;
  // A waiting message shares ownership of the client's state, which may therefore outlive the rule.
  struct Slot {
    std::shared_ptr<Client> client = std::make_shared<Client>();
  };
  class StageOutput;

  static Key key_of(const StageContext& context);
  static ClientState& state_of(std::optional<ClientState>& state, const Fault& fault,
                               const StageContext& context);
  static Instant advance(ClientState& state, Instant now, StageOutput& out);
  // Gives a message to the stage: by push() if the fault acts on it (it has a hold), else by
  // pass().
  static void feed(ClientState& state, const StageContext& context,
                   const std::shared_ptr<Held>& hold, StageOutput& out);

  ClientTable<Slot> clients_;
};

}  // namespace brownout::rules
