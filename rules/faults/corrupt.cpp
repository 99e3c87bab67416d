#include "rules/faults/corrupt.h"

#include <array>

namespace brownout::rules {
namespace {

enum class Each { kByte, kChunk };

struct Settings {
  Ratio chance{};
  Each each = Each::kByte;
};

class CorruptStage final : public Stage {
 public:
  CorruptStage(const Settings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        hits_(context.dice),
        places_(context.dice.split("place")) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const Ratio chance = Ratio::of(settings_.chance.share() * intensity_.at(now));
    settings_.each == Each::kByte ? flip_bytes(chunk, chance, now, out)
                                  : flip_one(chunk, chance, now, out);
    offset_ += chunk.size();
    out.emit(std::move(chunk), now);
  }
  void pass(Chunk chunk, Instant now, Output& out) override {
    offset_ += chunk.size();
    out.emit(std::move(chunk), now);
  }

 private:
  void flip_bytes(Chunk& chunk, Ratio chance, Instant now, Output& out) {
    std::int64_t flipped = 0;
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      const auto place = offset_ + i;
      if (!hits_.hit(place, chance)) continue;
      if (flipped++ == 0) first = place;
      flip(chunk, i, places_.bits(place));
    }
    if (flipped > 0) out.note({.action = "flip", .bytes = flipped, .ordinal = first}, now);
  }

  void flip_one(Chunk& chunk, Ratio chance, Instant now, Output& out) {
    const auto ordinal = chunks_++;
    if (!hits_.hit(ordinal, chance)) return;
    const auto last = static_cast<std::int64_t>(chunk.size()) - 1;
    const auto at = static_cast<std::size_t>(places_.between(ordinal, 0, last));
    flip(chunk, at, places_.split("bit").bits(ordinal));
    out.note({.action = "flip", .bytes = 1, .ordinal = offset_ + at}, now);
  }

  static void flip(Chunk& chunk, std::size_t at, std::uint64_t bits) {
    chunk.mutable_bytes()[at] ^= std::byte{1} << (bits >> 61);
  }

  Settings settings_;
  Intensity intensity_;
  Dice hits_;
  Dice places_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunks_ = 0;
};

}  // namespace

template <>
struct EnumNames<Each> {
  static constexpr std::array kValues{std::pair<std::string_view, Each>{"byte", Each::kByte},
                                      std::pair<std::string_view, Each>{"chunk", Each::kChunk}};
};

namespace {

class Corrupt final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Corrupt(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("chance", &Settings::chance,
              "how likely a byte (or a chunk) is to get one flipped bit", {.required = true}),
        field("each", &Settings::each, "what the chance is for"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<CorruptStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kCorrupt = describe<Corrupt>(
    {.name = "corrupt",
     .level = Level::kBytes,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Bits of the stream flip.",
     .magnitude = "byte or chunk (`each`), one way",
     .composition = "each rule flips for itself; two flips of one bit undo each other",
     .source = "tc-netem(8), corrupt"});

}  // namespace brownout::rules
