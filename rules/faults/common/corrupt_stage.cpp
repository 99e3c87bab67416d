#include "rules/faults/common/corrupt_stage.h"

#include "rules/base/utf8.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void flip_bit(std::span<std::byte> bytes, std::size_t at, std::uint64_t bits, bool text) {
  const auto first = bits >> 61;
  const auto character = text ? utf8_around(as_text(bytes), at) : std::string_view();
  for (std::uint64_t i = 0; i < 8; ++i) {
    const auto bit = std::byte{1} << ((first + i) % 8);
    bytes[at] ^= bit;
    if (character.empty() || utf8_size(character) == character.size()) return;
    bytes[at] ^= bit;
  }
}

}  // namespace

const Schema<CorruptSettings>& corrupt_schema() {
  static const Schema<CorruptSettings> schema{{
      field("chance", &CorruptSettings::chance,
            "probability that one bit is inverted in a byte, or in a chunk (see `each`)",
            {.required = true}),
      field("each", &CorruptSettings::each,
            "whether `chance` is drawn for each byte or for each chunk. A chunk is one read of a "
            "stream, a piece of an HTTP body, a message, a datagram or a DNS answer"),
      field("correlation", &CorruptSettings::correlation,
            "how much each draw depends on the previous one of the same direction (0%: not at "
            "all), as in tc-netem(8); DNS answers are drawn independently"),
  }};
  return schema;
}

std::optional<Note> BitFlipper::flip(std::span<std::byte> bytes, Instant now, bool text) {
  const Ratio chance = Ratio::of(settings_.chance.share() * intensity_.at(now));
  const auto note = settings_.each == CorruptEach::kByte ? flip_bytes(bytes, chance, text)
                                                         : flip_one(bytes, chance, text);
  skip(bytes.size());
  return note;
}

// Without correlation, the random number depends only on the offset of the byte or the number of
// the chunk.
bool BitFlipper::hit(std::uint64_t event, Ratio chance) {
  if (settings_.correlation.parts_per_billion == 0) return hits_.hit(event, chance);
  return correlated_.next() < chance.share();
}

std::optional<Note> BitFlipper::flip_bytes(std::span<std::byte> bytes, Ratio chance, bool text) {
  std::int64_t flipped = 0;
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto place = offset_ + i;
    if (!hit(place, chance)) continue;
    if (flipped++ == 0) first = place;
    flip_bit(bytes, i, places_.bits(place), text);
  }
  if (flipped == 0) return std::nullopt;
  return Note{.action = "flip", .bytes = flipped, .ordinal = first};
}

std::optional<Note> BitFlipper::flip_one(std::span<std::byte> bytes, Ratio chance, bool text) {
  const auto ordinal = chunks_++;
  if (bytes.empty() || !hit(ordinal, chance)) return std::nullopt;
  const auto last = static_cast<std::int64_t>(bytes.size()) - 1;
  const auto at = static_cast<std::size_t>(places_.between(ordinal, 0, last));
  flip_bit(bytes, at, places_.split("bit").bits(ordinal), text);
  return Note{.action = "flip", .bytes = 1, .ordinal = offset_ + at};
}

void CorruptStage::push(Chunk chunk, Instant now, Output& out) {
  const auto note = flip(chunk, now);
  if (note) out.note(*note, now);
  out.emit(std::move(chunk), now);
}

std::optional<Note> CorruptStage::flip(Chunk& chunk, Instant now) {
  if (chunk.message() == nullptr) return flipper_.flip(chunk.mutable_bytes(), now);
  if (!must_be_text(*chunk.message())) {
    auto other = chunk;
    const auto note = flipper_.flip(other.mutable_bytes(), now);
    if (note) chunk = std::move(other);
    return note;
  }
  auto words = words_of(chunk);
  if (!words) {
    flipper_.skip(chunk.size());
    return std::nullopt;
  }
  const auto note = flipper_.flip(std::as_writable_bytes(std::span(*words)), now, true);
  if (!note) return note;
  auto other = with_text(chunk, *words);
  if (other) chunk = std::move(*other);
  return other ? note : std::nullopt;
}

}  // namespace brownout::rules
