#include "rules/protocols/sse/codec/sse_codec.h"

#include <utility>

#include "rules/protocols/sse/codec/sse_text.h"

namespace brownout::messages {
namespace {

// The byte order mark that may precede a stream (U+FEFF in UTF-8).
constexpr std::string_view kMark = "\xef\xbb\xbf";
// Number of empty lines after which they are treated as a message of their own, so that memory is
// bounded.
constexpr std::size_t kMostEmptyLines = 256;

}  // namespace

MessageReader::Step SseCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    if (!within_) {
      if (step.taken > 0 && step.kept != keep) return step;
      keep_ = keep;
      within_ = true;
      empty_ = 0;
    }
    const auto rest = bytes.subspan(step.taken);
    bool ends = false;
    if (keep_ && wire_.size() >= kMostMessage && !complete_) {
      // If earlier bytes were taken, return these now. The next call reports the violation.
      return step.taken > 0 ? step : Step{.broken = "an event of more than 16 MiB"};
    }
    const auto room = complete_ || !keep_ ? rest.size() : kMostMessage - wire_.size();
    const auto taken = take(codecs::text_of(rest).substr(0, room), ends);
    if (keep_) {
      const auto part = rest.first(taken);
      wire_.insert(wire_.end(), part.begin(), part.end());
    }
    step.taken += taken;
    step.kept = keep_;
    if (!ends) continue;
    if (keep_) {
      step.ended = finish();
      return step;
    }
    within_ = false;
    fields_ = false;
    mark_ = 0;
  }
  return step;
}

std::size_t SseCodec::Reader::take(std::string_view bytes, bool& ends) {
  if (after_cr_) {
    after_cr_ = false;
    lone_cr_ = bytes.front() != '\n';
    ends = std::exchange(complete_, false);
    return lone_cr_ ? 0 : 1;
  }
  if (line_ == Line::kBegins || line_ == Line::kMark) {
    if (bytes.front() != '\r' && bytes.front() != '\n') {
      begin_line(bytes.front());
      return 1;
    }
  }
  const auto end = bytes.find_first_of("\r\n");
  if (end == std::string_view::npos) return bytes.size();
  ends = end_line();
  if (bytes[end] == '\r') {
    after_cr_ = true;
    // After a CR, waits for a possible LF, without which some clients do not see the end of the
    // event. Does not wait if the server ended the previous line with a CR alone.
    complete_ = ends && !lone_cr_;
    if (complete_) ends = false;
    if (ends) after_cr_ = false;
  }
  return end + 1;
}

void SseCodec::Reader::begin_line(char c) {
  const bool first = std::exchange(stream_begins_, false);
  if ((first || line_ == Line::kMark) && c == kMark[mark_]) {
    ++mark_;
    line_ = mark_ == kMark.size() ? Line::kBegins : Line::kMark;
    return;
  }
  line_ = c == ':' && line_ == Line::kBegins ? Line::kComment : Line::kField;
}

// Returns whether the line that ends here also ends the message.
bool SseCodec::Reader::end_line() {
  stream_begins_ = false;
  const auto line = std::exchange(line_, Line::kBegins);
  switch (line) {
    case Line::kBegins:
      // Empty lines are added to the next message only while messages are buffered.
      return fields_ || !keep_ || ++empty_ >= kMostEmptyLines;
    case Line::kComment:
      return !fields_;
    case Line::kMark:
    case Line::kField:
      fields_ = true;
      return false;
  }
  return false;
}

ReadMessage SseCodec::Reader::finish() {
  auto message = std::make_shared<rules::SseMessage>();
  message->last_event_id = codec_.last_event_id_;
  auto lines = codecs::text_of(wire_);
  if (std::exchange(mark_, 0) == kMark.size()) lines.remove_prefix(kMark.size());
  const auto payload = codecs::read_sse(lines, *message);
  const auto bytes = codecs::bytes_of(payload);
  ReadMessage read;
  read.payload.assign(bytes.begin(), bytes.end());
  read.message =
      std::make_shared<rules::Message>(rules::Message{.protocol = &rules::SseMessage::protocol(),
                                                      .view = std::move(message),
                                                      .wire = std::exchange(wire_, {})});
  within_ = false;
  fields_ = false;
  return read;
}

std::optional<ReadMessage> SseCodec::Reader::last() {
  if (!complete_ || !keep_) return std::nullopt;
  complete_ = false;
  return finish();
}

Bytes SseCodec::Reader::rest() {
  within_ = false;
  fields_ = false;
  return std::exchange(wire_, {});
}

Bytes SseCodec::write(const rules::Chunk& chunk, Direction) {
  const auto& wire = chunk.message()->wire;
  if (!chunk.touched() && !wire.empty()) return wire;
  const auto& message = *rules::view_as<rules::SseMessage>(chunk.message());
  // A message without payload cannot have been changed by a rule, so it is written as received.
  if (message.kind == rules::SseKind::kFields && !wire.empty()) return wire;
  const auto text = codecs::write_sse(message, codecs::text_of(chunk.bytes()));
  const auto bytes = codecs::bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace brownout::messages
