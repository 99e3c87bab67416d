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
  std::weak_ptr<Held> hold;  // its flow may have forgotten it; empty for one that only passes
};

// Where the stages end. What they emit is freed once the client's stage may be asked by others
// again.
class SharedStages::Freed final : public Output {
 public:
  explicit Freed(std::size_t& held) : held_(held) {}

  void emit(Chunk chunk, Instant) override {
    const auto& hold = static_cast<const HeldMessage&>(*chunk.message()).hold;
    if (held_ > 0) --held_;
    if (auto held = hold.lock()) freed_.push_back(std::move(held));
  }
  void finish(Instant) override {}
  void close(Close, Instant) override {}
  void answer(std::string_view, Instant) override {}
  void note(const Note& note, Instant) override { notes_.push_back(note); }

  std::vector<std::shared_ptr<Held>> take() { return std::exchange(freed_, {}); }
  std::vector<Note> take_notes() { return std::exchange(notes_, {}); }

 private:
  std::size_t& held_;
  std::vector<std::shared_ptr<Held>> freed_;
  std::vector<Note> notes_;
};

std::vector<Note> SharedStages::Held::wake(Instant now) {
  std::vector<Note> notes;
  const auto freed = client_->use([&](std::optional<Inside>& state) {
    Freed out(state->held);
    deadline_ = advance(*state, now, out);
    notes = out.take_notes();
    return out.take();
  });
  for (const auto& held : freed) held->let_go();
  return notes;
}

Key SharedStages::key_of(const StageContext& context) {
  return combine(context.flow->client_key(), static_cast<Key>(context.direction));
}

SharedStages::Inside& SharedStages::inside(std::optional<Inside>& state, const Fault& fault,
                                           const StageContext& context) {
  if (state) return *state;
  auto& made = state.emplace();
  made.flow = *context.flow;
  made.flow.http = nullptr;
  made.flow.hello = nullptr;
  made.flow.activity = nullptr;
  auto own = context;
  own.flow = &made.flow;
  own.shared = nullptr;  // this, which the stage may outlive
  own.dice =
      Dice(context.dice.bits(0), context.flow->client_key(), static_cast<Key>(context.direction));
  made.stage = fault.stage(own);
  return made;
}

Instant SharedStages::advance(Inside& inside, Instant now, Freed& out) {
  // Threads read the clock before they come here.
  inside.last = std::max(inside.last, now);
  while (inside.stage->deadline() <= inside.last) {
    inside.stage->wake(inside.stage->deadline(), out);
  }
  return inside.stage->deadline();
}

void SharedStages::meet(Inside& inside, const StageContext& context,
                        const std::shared_ptr<Held>& hold, Freed& out) {
  auto message = std::make_shared<HeldMessage>();
  message->exchange = context.flow;
  message->hold = hold;
  ++inside.held;
  auto chunk = Chunk::of({}, message);
  if (hold) {
    inside.stage->push(std::move(chunk), inside.last, out);
  } else {
    inside.stage->pass(std::move(chunk), inside.last, out);
  }
  message->exchange = nullptr;
}

SharedStages::Passage SharedStages::push(const Fault& fault, const StageContext& context) {
  const auto& client = clients_.of(key_of(context)).client;
  auto hold = std::make_shared<Held>(client);
  std::vector<Note> notes;
  const auto freed = client->use([&](std::optional<Inside>& state) {
    auto& in = inside(state, fault, context);
    Freed out(in.held);
    // Nobody may be left to do it.
    advance(in, context.now, out);
    if (in.held >= kMostHeld) {
      auto all = out.take();
      all.push_back(hold);
      return all;
    }
    meet(in, context, hold, out);
    hold->set_deadline(in.stage->deadline());
    notes = out.take_notes();
    return out.take();
  });
  Passage passage;
  if (!notes.empty()) passage.note = notes.back();
  const auto own = std::find(freed.begin(), freed.end(), hold);
  for (auto entry = freed.begin(); entry != own; ++entry) (*entry)->let_go();
  if (own == freed.begin() && own != freed.end()) {
    for (auto entry = own + 1; entry != freed.end(); ++entry) (*entry)->let_go();
    return passage;
  }
  // In its turn.
  if (own != freed.end()) {
    hold->set_behind({own + 1, freed.end()});
    hold->let_go();
  }
  passage.hold = std::move(hold);
  return passage;
}

void SharedStages::pass(const StageContext& context) {
  auto* slot = clients_.known(key_of(context));
  if (slot == nullptr) return;
  const auto freed = slot->client->use([&](std::optional<Inside>& state) {
    if (!state) return std::vector<std::shared_ptr<Held>>();
    Freed out(state->held);
    advance(*state, context.now, out);
    meet(*state, context, nullptr, out);
    return out.take();
  });
  for (const auto& held : freed) held->let_go();
}

}  // namespace brownout::rules
