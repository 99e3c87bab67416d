#include "rules/faults/corrupt.h"

#include <array>

#include "rules/dns_fault.h"

namespace brownout::rules {
namespace {

enum class Each { kByte, kChunk };

struct Settings {
  Ratio chance{};
  Each each = Each::kByte;
};

// Flips bits by the dice of one direction, or of one message.
class Flipper {
 public:
  Flipper(const Settings& settings, const Dice& dice, const Intensity& intensity)
      : settings_(settings), intensity_(intensity), hits_(dice), places_(dice.split("place")) {}

  std::optional<Note> flip(std::span<std::byte> bytes, Instant now) {
    const Ratio chance = Ratio::of(settings_.chance.share() * intensity_.at(now));
    const auto note =
        settings_.each == Each::kByte ? flip_bytes(bytes, chance) : flip_one(bytes, chance);
    skip(bytes.size());
    return note;
  }
  void skip(std::size_t bytes) { offset_ += bytes; }

 private:
  std::optional<Note> flip_bytes(std::span<std::byte> bytes, Ratio chance) {
    std::int64_t flipped = 0;
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto place = offset_ + i;
      if (!hits_.hit(place, chance)) continue;
      if (flipped++ == 0) first = place;
      flip_bit(bytes[i], places_.bits(place));
    }
    if (flipped == 0) return std::nullopt;
    return Note{.action = "flip", .bytes = flipped, .ordinal = first};
  }

  std::optional<Note> flip_one(std::span<std::byte> bytes, Ratio chance) {
    const auto ordinal = chunks_++;
    if (bytes.empty() || !hits_.hit(ordinal, chance)) return std::nullopt;
    const auto last = static_cast<std::int64_t>(bytes.size()) - 1;
    const auto at = static_cast<std::size_t>(places_.between(ordinal, 0, last));
    flip_bit(bytes[at], places_.split("bit").bits(ordinal));
    return Note{.action = "flip", .bytes = 1, .ordinal = offset_ + at};
  }

  static void flip_bit(std::byte& byte, std::uint64_t bits) {
    byte ^= std::byte{1} << (bits >> 61);
  }

  Settings settings_;
  Intensity intensity_;
  Dice hits_;
  Dice places_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunks_ = 0;
};

class CorruptStage final : public Stage {
 public:
  CorruptStage(const Settings& settings, const StageContext& context)
      : flipper_(settings, context.dice, context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto note = flipper_.flip(chunk.mutable_bytes(), now);
    if (note) out.note(*note, now);
    out.emit(std::move(chunk), now);
  }
  void pass(Chunk chunk, Instant now, Output& out) override {
    flipper_.skip(chunk.size());
    out.emit(std::move(chunk), now);
  }

 private:
  Flipper flipper_;
};

}  // namespace

template <>
struct EnumNames<Each> {
  static constexpr std::array kValues{std::pair<std::string_view, Each>{"byte", Each::kByte},
                                      std::pair<std::string_view, Each>{"chunk", Each::kChunk}};
};

namespace {

class Corrupt final : public Fault, public DnsFault {
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
  const DnsFault* dns() const override { return this; }
  std::optional<Note> on_wire(const DnsContext& context,
                              std::span<std::byte> message) const override {
    return Flipper(settings_, context.dice, context.intensity).flip(message, context.now);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kCorrupt = describe<Corrupt>(
    {.name = "corrupt",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Bits of the stream, of datagrams or of DNS answers flip.",
     .magnitude = "byte, or chunk, datagram or DNS answer (`each`), one way",
     .composition = "each rule flips for itself; two flips of one bit undo each other",
     .source = "tc-netem(8), corrupt"});

}  // namespace brownout::rules
