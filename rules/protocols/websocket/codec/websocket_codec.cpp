#include "rules/protocols/websocket/codec/websocket_codec.h"

#include <utility>

namespace brownout::messages {
namespace {

std::shared_ptr<rules::Message> message_of(std::shared_ptr<const rules::WebSocketMessage> view,
                                           Bytes wire) {
  return std::make_shared<rules::Message>(
      rules::Message{.protocol = &rules::WebSocketMessage::protocol(),
                     .view = std::move(view),
                     .wire = std::move(wire)});
}

}  // namespace

ReadMessage WebSocketCodec::Reader::control_message() {
  auto wire = std::exchange(frame_, {});
  const auto opcode = parser_.opcode();
  if (opcode == rules::Opcode::kClose && in_data_) {
    // A Close ends the incomplete message before it. The fragments are forwarded together with the
    // Close, so that no rule acts on them.
    cut_ = true;
    wire.insert(wire.begin(), wire_.begin(), wire_.end());
    wire_.clear();
    payload_.clear();
  }
  return {message_of(std::make_shared<const rules::WebSocketMessage>(opcode), std::move(wire)),
          std::exchange(control_, {})};
}

ReadMessage WebSocketCodec::Reader::data_message() {
  auto view = std::make_shared<rules::WebSocketMessage>(parser_.opcode());
  view->compressed = parser_.compressed() && !inflater_;
  view->deflated = inflates() ? deflated_ : 0;
  return {message_of(std::move(view), std::exchange(wire_, {})), std::exchange(payload_, {})};
}

// Appends the payload of the last step to its message, if that message is buffered. Returns why the
// payload is unreadable, or "".
std::string_view WebSocketCodec::Reader::read_payload(bool control, bool ended) {
  constexpr std::string_view kTooLong = "a message of more than 16 MiB";
  const auto& part = parser_.payload();
  if (control) {
    if (keep_) control_.insert(control_.end(), part.begin(), part.end());
    return {};
  }
  if (cut_) return "a message continues after a Close";
  if (!inflates()) {
    if (!keep_) return {};
    if (payload_.size() + part.size() > kMostMessage) return kTooLong;
    payload_.insert(payload_.end(), part.begin(), part.end());
    return {};
  }
  if (!keep_ && !takeover_) return {};
  auto* into = keep_ ? &payload_ : nullptr;
  const bool read = inflater_->add(part, into, kMostMessage) &&
                    (!ended || inflater_->end_message(into, kMostMessage));
  if (!read) return payload_.size() > kMostMessage ? kTooLong : "a malformed compressed message";
  if (!ended) return {};
  if (!takeover_) inflater_->forget();
  ++deflated_;
  if (!keep_) passed_ = deflated_;
  return {};
}

bool WebSocketCodec::Reader::passes_on(std::uint64_t deflated) {
  if (!takeover_) return true;
  if (deflated != passed_ + 1) return false;
  passed_ = deflated;
  return true;
}

MessageReader::Step WebSocketCodec::Reader::next(ByteView bytes, bool keep) {
  // If an earlier compressed message was not forwarded unchanged, the receiver cannot decompress
  // later messages. These must then be buffered and framed again.
  if (!within_) keep_ = keep || (takeover_ && passed_ != deflated_);
  const auto parsed = parser_.next(bytes);
  if (parsed.broken) return {.broken = parser_.why()};
  const bool control = parser_.control();
  const bool ended = parsed.message_ended && !control;
  if (const auto why = read_payload(control, ended); !why.empty()) return {.broken = why};
  // If frames have only a few bytes, most of the buffered bytes are headers, so the limit includes
  // headers.
  if (keep_ && held() + parsed.taken > 2 * kMostMessage) {
    return {.broken = "a message of more than 16 MiB"};
  }
  within_ = true;
  if (parsed.frame_ended) {
    if (!control) in_data_ = !parsed.message_ended;
    // After a control frame, the reader is still within a message if that frame came between two
    // fragments.
    within_ = in_data_;
  }
  Step step{.taken = parsed.taken, .kept = keep_};
  if (!keep_) return step;
  frame_.insert(frame_.end(), bytes.begin(),
                bytes.begin() + static_cast<std::ptrdiff_t>(parsed.taken));
  if (!parsed.frame_ended) return step;
  if (control) {
    step.ended = control_message();
    return step;
  }
  wire_.insert(wire_.end(), frame_.begin(), frame_.end());
  frame_.clear();
  if (ended) step.ended = data_message();
  return step;
}

Bytes WebSocketCodec::Reader::rest() {
  auto rest = std::exchange(wire_, {});
  rest.insert(rest.end(), frame_.begin(), frame_.end());
  frame_.clear();
  return rest;
}

Bytes WebSocketCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto& wire = chunk.message()->wire;
  const auto& message = *rules::view_as<rules::WebSocketMessage>(chunk.message());
  const bool made = wire.empty();
  const bool as_it_came = !chunk.touched() && !made;
  if (as_it_came && (message.deflated == 0 || side(direction).passes_on(message.deflated))) {
    return wire;
  }
  return frame(message.opcode, message.compressed && !made, chunk.bytes(), direction);
}

Bytes WebSocketCodec::frame(rules::Opcode opcode, bool compressed, ByteView payload,
                            Direction direction) {
  const auto key = static_cast<std::uint32_t>(rules::Dice(0, flow_, made_++).bits(0));
  return codecs::write_frame(opcode, compressed, payload, direction == Direction::kUpstream, key);
}

}  // namespace brownout::messages
