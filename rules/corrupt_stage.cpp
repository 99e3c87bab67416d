#include "rules/corrupt_stage.h"

namespace brownout::rules {
namespace {

void flip_bit(std::byte& byte, std::uint64_t bits) { byte ^= std::byte{1} << (bits >> 61); }

}  // namespace

const Schema<CorruptSettings>& corrupt_schema() {
  static const Schema<CorruptSettings> schema{{
      field("chance", &CorruptSettings::chance,
            "how likely a byte (or a chunk) is to get one flipped bit", {.required = true}),
      field("each", &CorruptSettings::each, "what the chance is for"),
  }};
  return schema;
}

std::optional<Note> BitFlipper::flip(std::span<std::byte> bytes, Instant now) {
  const Ratio chance = Ratio::of(settings_.chance.share() * intensity_.at(now));
  const auto note =
      settings_.each == CorruptEach::kByte ? flip_bytes(bytes, chance) : flip_one(bytes, chance);
  skip(bytes.size());
  return note;
}

std::optional<Note> BitFlipper::flip_bytes(std::span<std::byte> bytes, Ratio chance) {
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

std::optional<Note> BitFlipper::flip_one(std::span<std::byte> bytes, Ratio chance) {
  const auto ordinal = chunks_++;
  if (bytes.empty() || !hits_.hit(ordinal, chance)) return std::nullopt;
  const auto last = static_cast<std::int64_t>(bytes.size()) - 1;
  const auto at = static_cast<std::size_t>(places_.between(ordinal, 0, last));
  flip_bit(bytes[at], places_.split("bit").bits(ordinal));
  return Note{.action = "flip", .bytes = 1, .ordinal = offset_ + at};
}

}  // namespace brownout::rules
