#include "rules/protocols/ndjson/codec/ndjson_codec.h"

#include <algorithm>
#include <utility>

namespace brownout::messages {
namespace {

// Returns the size of the line end: 2, 1, or 0 if there is none.
std::size_t line_end_of(std::string_view line) {
  if (line.ends_with("\r\n")) return 2;
  return line.ends_with('\n') ? 1 : 0;
}

}  // namespace

MessageReader::Step NdjsonCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    if (!within_) {
      if (step.taken > 0 && step.kept != keep) return step;
      keep_ = keep;
    }
    const auto rest = bytes.subspan(step.taken);
    const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    const bool ends = end != rest.end();
    const auto taken = static_cast<std::size_t>(end - rest.begin()) + (ends ? 1 : 0);
    if (keep_ && wire_.size() + taken > kMostMessage) {
      // If earlier bytes were taken, return these now. The next call reports the violation.
      return step.taken > 0 ? step : Step{.broken = "a line of more than 16 MiB"};
    }
    within_ = !ends;
    step.taken += taken;
    step.kept = keep_;
    if (!keep_) continue;
    wire_.insert(wire_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(taken));
    if (!ends) continue;
    step.ended = finish();
    return step;
  }
  return step;
}

ReadMessage NdjsonCodec::Reader::finish() {
  within_ = false;
  const auto line = codecs::text_of(wire_);
  const auto text = line.substr(0, line.size() - line_end_of(line));
  const auto payload = codecs::bytes_of(text);
  ReadMessage read;
  read.payload.assign(payload.begin(), payload.end());
  const bool blank = text.find_first_not_of(" \t\r") == std::string_view::npos;
  read.message = std::make_shared<rules::Message>(
      rules::Message{.protocol = &rules::NdjsonMessage::protocol(),
                     .view = std::make_shared<const rules::NdjsonMessage>(blank),
                     .wire = std::exchange(wire_, {})});
  return read;
}

std::optional<ReadMessage> NdjsonCodec::Reader::last() {
  if (!keep_ || wire_.empty()) return std::nullopt;
  return finish();
}

Bytes NdjsonCodec::Reader::rest() {
  within_ = false;
  return std::exchange(wire_, {});
}

// Writes the line with its line end. A line break inside the text would divide the line, so it
// becomes a blank.
Bytes NdjsonCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto& wire = chunk.message()->wire;
  const auto came = codecs::text_of(wire);
  auto& open = open_.at(direction == Direction::kUpstream ? 0 : 1);
  // Adds the missing LF of the last line first, if a copy of it or a held line follows.
  const std::ptrdiff_t missing = open ? 1 : 0;
  if (!chunk.touched() && !wire.empty()) {
    open = line_end_of(came) == 0;
    Bytes whole(static_cast<std::size_t>(missing) + wire.size(), std::byte{'\n'});
    std::copy(wire.begin(), wire.end(), whole.begin() + missing);
    return whole;
  }
  open = false;
  Bytes whole(static_cast<std::size_t>(missing), std::byte{'\n'});
  for (const auto byte : chunk.bytes()) {
    whole.push_back(byte == std::byte{'\n'} ? std::byte{' '} : byte);
  }
  if (came.ends_with("\r\n")) whole.push_back(std::byte{'\r'});
  whole.push_back(std::byte{'\n'});
  return whole;
}

}  // namespace brownout::messages
