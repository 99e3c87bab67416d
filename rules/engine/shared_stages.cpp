#include "rules/engine/shared_stages.h"

#include <algorithm>
#include <utility>

namespace brownout::rules {

class SharedStages::Held final : public Hold {
 public:
  explicit Held(std::shared_ptr<Client> client) : client_(std::move(client)) {}

  Instant deadline() const override { return deadline_; }
  std::vector<Note> wake(Instant now) override;
  void set_deadline(Instant at) { deadline_ = at; }
  using Hold::let_go;
  using Hold::set_behind;

 private:
  std::shared_ptr<Client> client_;
  Instant deadline_ = kNever;
};

struct SharedStages::HeldMessage : Message {
  // Expired if the connection of the message has ended. Empty if the stage only observes the
  // message.
  std::weak_ptr<Held> hold;
};

// Receives the output of a shared stage. Collects the holds for which emitted messages wait. The
// holds must end only after the lock of the client (SharedModel) has been released.
class SharedStages::StageOutput final : public Output {
 public:
  explicit StageOutput(std::size_t& held) : held_(held) {}

  void emit(Chunk chunk, Instant) override {
    const auto& hold = static_cast<const HeldMessage&>(*chunk.message()).hold;
    if (held_ > 0) --held_;
    if (auto held = hold.lock()) released_.push_back(std::move(held));
  }
  void finish(Instant) override {}
  void close(Close, Instant) override {}
  void answer(std::string_view, Instant) override {}
  void note(const Note& note, Instant) override { notes_.push_back(note); }

  std::vector<std::shared_ptr<Held>> take() { return std::exchange(released_, {}); }
  std::vector<Note> take_notes() { return std::exchange(notes_, {}); }

 private:
  std::size_t& held_;
  std::vector<std::shared_ptr<Held>> released_;
  std::vector<Note> notes_;
};

std::vector<Note> SharedStages::Held::wake(Instant now) {
  std::vector<Note> notes;
  const auto released = client_->use([&](std::optional<ClientState>& state) {
    StageOutput out(state->held);
    deadline_ = advance(*state, now, out);
    notes = out.take_notes();
    return out.take();
  });
  for (const auto& held : released) held->let_go();
  return notes;
}

Key SharedStages::key_of(const StageContext& context) {
  return combine(context.flow->client_key(), static_cast<Key>(context.direction));
}

SharedStages::ClientState& SharedStages::state_of(std::optional<ClientState>& state,
                                                  const Fault& fault, const StageContext& context) {
  if (state) return *state;
  auto& made = state.emplace();
  made.flow = *context.flow;
  made.flow.http = nullptr;
  made.flow.hello = nullptr;
  made.flow.activity = nullptr;
  auto own = context;
  own.flow = &made.flow;
  own.shared = nullptr;  // cleared because the stage may outlive this object
  own.dice =
      Dice(context.dice.bits(0), context.flow->client_key(), static_cast<Key>(context.direction));
  made.stage = fault.stage(own);
  return made;
}

Instant SharedStages::advance(ClientState& state, Instant now, StageOutput& out) {
  // Threads read the clock before they take the lock, so `now` may be earlier than `last`.
  state.last = std::max(state.last, now);
  while (state.stage->deadline() <= state.last) {
    state.stage->wake(state.stage->deadline(), out);
  }
  return state.stage->deadline();
}

void SharedStages::feed(ClientState& state, const StageContext& context,
                        const std::shared_ptr<Held>& hold, StageOutput& out) {
  auto message = std::make_shared<HeldMessage>();
  message->exchange = context.flow;
  message->hold = hold;
  ++state.held;
  auto chunk = Chunk::of({}, message);
  if (hold) {
    state.stage->push(std::move(chunk), state.last, out);
  } else {
    state.stage->pass(std::move(chunk), state.last, out);
  }
  message->exchange = nullptr;
}

SharedStages::Passage SharedStages::push(const Fault& fault, const StageContext& context) {
  auto* slot = clients_.of(key_of(context));
  if (slot == nullptr) return {};
  const auto& client = slot->client;
  auto hold = std::make_shared<Held>(client);
  std::vector<Note> notes;
  const auto released = client->use([&](std::optional<ClientState>& maybe) {
    auto& state = state_of(maybe, fault, context);
    StageOutput out(state.held);
    // Emit messages that are due. The connection of such a message may have ended, so nothing else
    // would wake the stage.
    advance(state, context.now, out);
    if (state.held >= kMostHeld) {
      auto all = out.take();
      all.push_back(hold);
      return all;
    }
    feed(state, context, hold, out);
    hold->set_deadline(state.stage->deadline());
    notes = out.take_notes();
    return out.take();
  });
  Passage passage;
  if (!notes.empty()) passage.note = notes.back();
  const auto own = std::find(released.begin(), released.end(), hold);
  for (auto entry = released.begin(); entry != own; ++entry) (*entry)->let_go();
  if (own == released.begin() && own != released.end()) {
    for (auto entry = own + 1; entry != released.end(); ++entry) (*entry)->let_go();
    return passage;
  }
  // The stage emitted other messages before this message, so they must leave first. This message
  // therefore also gets a hold, which ends at once. Messages that the stage emitted later have
  // holds that end directly after this hold.
  if (own != released.end()) {
    hold->set_behind({own + 1, released.end()});
    hold->let_go();
  }
  passage.hold = std::move(hold);
  return passage;
}

void SharedStages::pass(const StageContext& context) {
  auto* slot = clients_.known(key_of(context));
  if (slot == nullptr) return;
  const auto released = slot->client->use([&](std::optional<ClientState>& state) {
    if (!state) return std::vector<std::shared_ptr<Held>>();
    StageOutput out(state->held);
    advance(*state, context.now, out);
    feed(*state, context, nullptr, out);
    return out.take();
  });
  for (const auto& held : released) held->let_go();
}

}  // namespace brownout::rules
