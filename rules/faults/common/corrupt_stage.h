// CorruptFault is a fault that inverts single bits of streams, messages and DNS answers. The faults
// corrupt, corrupt_body and corrupt_message share it. CorruptStage is its stage for one direction
// of a flow; for thread and ownership see stage.h.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "rules/chance/distribution.h"
#include "rules/engine/message_fault.h"

namespace brownout::rules {

// The unit for which `chance` is the probability: each byte, or each chunk. One bit of the selected
// byte or chunk is inverted.
enum class CorruptEach { kByte, kChunk };

struct CorruptSettings {
  Ratio chance{};
  CorruptEach each = CorruptEach::kByte;
  Ratio correlation{};
};

template <>
struct EnumNames<CorruptEach> {
  static constexpr std::array kValues{
      std::pair<std::string_view, CorruptEach>{"byte", CorruptEach::kByte},
      std::pair<std::string_view, CorruptEach>{"chunk", CorruptEach::kChunk}};
};

const Schema<CorruptSettings>& corrupt_schema();

// Chooses bits at random and inverts them, for one direction of a flow or for one message.
class BitFlipper {
 public:
  BitFlipper(const CorruptSettings& settings, const Dice& dice, const Intensity& intensity)
      : settings_(settings),
        intensity_(intensity),
        hits_(dice),
        correlated_(dice.split("correlated"), settings.correlation),
        places_(dice.split("place")) {}

  // Inverts bits of `bytes`. Returns an entry for the event log, or no value if nothing changed.
  // With `text`, the result stays valid UTF-8.
  std::optional<Note> flip(std::span<std::byte> bytes, Instant now, bool text = false);
  // Counts bytes that pass unchanged. The offset of a byte in its direction selects the random
  // numbers, and the event log shows it.
  void skip(std::size_t bytes) { offset_ += bytes; }

 private:
  std::optional<Note> flip_bytes(std::span<std::byte> bytes, Ratio chance, bool text);
  std::optional<Note> flip_one(std::span<std::byte> bytes, Ratio chance, bool text);

  bool hit(std::uint64_t event, Ratio chance);

  CorruptSettings settings_;
  Intensity intensity_;
  Dice hits_;
  CorrelatedDraws correlated_;
  Dice places_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunks_ = 0;
};

class CorruptStage final : public Stage {
 public:
  CorruptStage(const CorruptSettings& settings, const StageContext& context)
      : flipper_(settings, context.dice, context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override;
  void pass(Chunk chunk, Instant now, Output& out) override {
    flipper_.skip(chunk.size());
    out.emit(std::move(chunk), now);
  }

 private:
  std::optional<Note> flip(Chunk& chunk, Instant now);

  BitFlipper flipper_;
};

// A fault that flips bits of the chunks of its stage, and of DNS answers.
class CorruptFault final : public PayloadFault {
 public:
  using Settings = CorruptSettings;
  explicit CorruptFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() { return corrupt_schema(); }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<CorruptStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace brownout::rules
