#include "rules/protocols/framed/codec/framed_codec.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace brownout::messages {
namespace {

std::uint64_t read_length(ByteView bytes, rules::Endianness endianness) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto at = endianness == rules::Endianness::kBig ? i : bytes.size() - 1 - i;
    length = length << 8 | std::to_integer<std::uint64_t>(bytes[at]);
  }
  return length;
}

void write_length(std::uint64_t length, std::span<std::byte> bytes, rules::Endianness endianness) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto at = endianness == rules::Endianness::kLittle ? i : bytes.size() - 1 - i;
    bytes[at] = std::byte(length & 255);
    length >>= 8;
  }
}

std::uint64_t most_of(std::int64_t width) {
  return width >= 8 ? std::numeric_limits<std::uint64_t>::max()
                    : (std::uint64_t{1} << (8 * width)) - 1;
}

// Returns the payload followed by its delimiter. A delimiter that a rule created inside the payload
// would split the message. If the payload has its original size, as after a flipped bit, the
// original bytes replace that delimiter. Otherwise the payload is cut before that delimiter.
Bytes delimited(ByteView payload, ByteView came, ByteView delimiter) {
  Bytes whole(payload.begin(), payload.end());
  whole.insert(whole.end(), delimiter.begin(), delimiter.end());
  auto size = payload.size();
  while (true) {
    const auto found = std::search(whole.begin(), whole.end(), delimiter.begin(), delimiter.end());
    const auto at = static_cast<std::size_t>(found - whole.begin());
    if (at >= size) return whole;
    const auto part = std::min(delimiter.size(), size - at);
    const bool same_size = payload.size() + delimiter.size() == came.size();
    const auto before = same_size ? came.subspan(at, part) : ByteView();
    if (same_size && !std::equal(before.begin(), before.end(), found)) {
      std::copy(before.begin(), before.end(), found);
      continue;
    }
    whole.erase(found, whole.end() - static_cast<std::ptrdiff_t>(delimiter.size()));
    size = at;
  }
}

}  // namespace

MessageReader::Step FramedCodec::Reader::next(ByteView bytes, bool keep) {
  if (!within_) {
    keep_ = keep;
    wire_.clear();
    counted_ = false;
  }
  within_ = true;
  return framing_.delimiter.empty() ? next_counted(bytes) : next_delimited(bytes);
}

MessageReader::Step FramedCodec::Reader::next_delimited(ByteView bytes) {
  const auto delimiter = codecs::bytes_of(framing_.delimiter);
  // Search the end of the previous bytes, too, because a delimiter may be split between two reads.
  const auto before = std::min(wire_.size(), delimiter.size() - 1);
  Bytes seam(wire_.end() - static_cast<std::ptrdiff_t>(before), wire_.end());
  const auto more = std::min(bytes.size(), delimiter.size() - 1);
  seam.insert(seam.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
  auto found = std::search(seam.begin(), seam.end(), delimiter.begin(), delimiter.end());
  std::size_t taken = bytes.size();
  bool ended = false;
  if (found != seam.end()) {
    taken = static_cast<std::size_t>(found - seam.begin()) + delimiter.size() - before;
    ended = true;
  } else {
    const auto at = std::search(bytes.begin(), bytes.end(), delimiter.begin(), delimiter.end());
    if (at != bytes.end()) {
      taken = static_cast<std::size_t>(at - bytes.begin()) + delimiter.size();
      ended = true;
    }
  }
  if (keep_ && wire_.size() + taken > kMostMessage + delimiter.size()) {
    return {.broken = "a message of more than 16 MiB"};
  }
  const auto part = bytes.first(taken);
  wire_.insert(wire_.end(), part.begin(), part.end());
  if (!keep_ && wire_.size() >= delimiter.size()) {
    wire_.erase(wire_.begin(), wire_.end() - static_cast<std::ptrdiff_t>(delimiter.size() - 1));
  }
  Step step{.taken = taken, .kept = keep_};
  if (ended) finish(step);
  return step;
}

MessageReader::Step FramedCodec::Reader::next_counted(ByteView bytes) {
  const auto header = framing_.header();
  std::size_t taken = 0;
  if (!counted_) {
    const auto had = wire_.size();
    taken = std::min(bytes.size(), header - had);
    wire_.insert(wire_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    if (wire_.size() < header) return {.taken = taken, .kept = keep_};
    left_ = read_length(ByteView(wire_).last(static_cast<std::size_t>(framing_.width)),
                        framing_.endianness);
    const auto own = framing_.includes_header ? header : 0;
    if (left_ < own || (keep_ && left_ - own > kMostMessage)) {
      const bool small = left_ < own;
      wire_.resize(had);
      return {.broken = small ? "a length that is smaller than its header"
                              : "a message of more than 16 MiB"};
    }
    left_ -= own;
    counted_ = true;
  }
  const auto part = bytes.subspan(
      taken, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size() - taken, left_)));
  if (keep_) wire_.insert(wire_.end(), part.begin(), part.end());
  left_ -= part.size();
  Step step{.taken = taken + part.size(), .kept = keep_};
  if (left_ == 0) finish(step);
  return step;
}

void FramedCodec::Reader::finish(Step& step) {
  within_ = false;
  if (!keep_) return;
  const auto payload = framing_.delimiter.empty()
                           ? ByteView(wire_).subspan(framing_.header())
                           : ByteView(wire_).first(wire_.size() - framing_.delimiter.size());
  step.ended.emplace();
  step.ended->payload.assign(payload.begin(), payload.end());
  auto kind = framing_.kind ? framing_.kind->find(codecs::text_of(payload)) : std::string();
  const bool acknowledging = rules::any_matches(framing_.acks, kind);
  step.ended->message = std::make_shared<rules::Message>(rules::Message{
      .protocol = &rules::FramedMessage::protocol(),
      .view = std::make_shared<const rules::FramedMessage>(std::move(kind), acknowledging),
      .wire = std::exchange(wire_, {})});
}

Bytes FramedCodec::Reader::rest() {
  within_ = false;
  return std::exchange(wire_, {});
}

// Writes the message with its new length. A payload that is too long for the length field is cut.
Bytes FramedCodec::write(const rules::Chunk& chunk, Direction) {
  const auto& message = *chunk.message();
  if (!chunk.touched() && !message.wire.empty()) return message.wire;
  auto payload = chunk.bytes();
  Bytes whole;
  if (framing_.delimiter.empty()) {
    const auto header = framing_.header();
    const auto own = framing_.includes_header ? header : 0;
    const auto most = most_of(framing_.width);
    const auto room = most - std::min<std::uint64_t>(own, most);
    payload =
        payload.first(static_cast<std::size_t>(std::min<std::uint64_t>(payload.size(), room)));
    // Header bytes before the length field stay as they arrived.
    whole.assign(message.wire.begin(), message.wire.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                  header, message.wire.size())));
    whole.resize(header);
    write_length(payload.size() + own,
                 std::span(whole).last(static_cast<std::size_t>(framing_.width)),
                 framing_.endianness);
  }
  if (!framing_.delimiter.empty()) {
    return delimited(payload, message.wire, codecs::bytes_of(framing_.delimiter));
  }
  whole.insert(whole.end(), payload.begin(), payload.end());
  return whole;
}

}  // namespace brownout::messages
