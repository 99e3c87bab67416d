#include "proxy/messages/websocket_codec.h"

#include <utility>

namespace brownout::messages {
namespace {

ReadMessage read(rules::Opcode opcode, bool compressed, Bytes wire, Bytes payload) {
  return {std::make_shared<rules::Message>(
              rules::Message{.opcode = opcode, .compressed = compressed, .wire = std::move(wire)}),
          std::move(payload)};
}

}  // namespace

ReadMessage WebSocketCodec::Reader::control_message() {
  return read(parser_.opcode(), false, std::exchange(frame_, {}), std::exchange(control_, {}));
}

ReadMessage WebSocketCodec::Reader::data_message() {
  return read(parser_.opcode(), parser_.compressed(), std::exchange(wire_, {}),
              std::exchange(payload_, {}));
}

MessageReader::Step WebSocketCodec::Reader::next(ByteView bytes, bool keep) {
  if (!within_) keep_ = keep;
  const auto parsed = parser_.next(bytes);
  if (parsed.broken) return {.broken = parser_.why()};
  if (held() + parsed.taken > kMostMessage && keep_) {
    return {.broken = "a message of more than 16 MiB"};
  }
  const bool control = parser_.control();
  within_ = true;
  if (parsed.frame_ended) {
    if (!control) in_data_ = !parsed.message_ended;
    // A control frame may stand between those of a message that goes on.
    within_ = in_data_;
  }
  Step step{.taken = parsed.taken, .kept = keep_};
  if (!keep_) return step;
  frame_.insert(frame_.end(), bytes.begin(),
                bytes.begin() + static_cast<std::ptrdiff_t>(parsed.taken));
  auto& payload = control ? control_ : payload_;
  payload.insert(payload.end(), parser_.payload().begin(), parser_.payload().end());
  if (!parsed.frame_ended) return step;
  if (control) {
    step.ended = control_message();
    return step;
  }
  wire_.insert(wire_.end(), frame_.begin(), frame_.end());
  frame_.clear();
  if (parsed.message_ended) step.ended = data_message();
  return step;
}

Bytes WebSocketCodec::Reader::rest() {
  auto rest = std::exchange(wire_, {});
  rest.insert(rest.end(), frame_.begin(), frame_.end());
  frame_.clear();
  return rest;
}

Bytes WebSocketCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto& message = *chunk.message();
  if (!chunk.touched() && !message.wire.empty()) return message.wire;
  return frame(message.opcode, message.compressed, chunk.bytes(), direction);
}

Bytes WebSocketCodec::frame(rules::Opcode opcode, bool compressed, ByteView payload,
                            Direction direction) {
  const auto key = static_cast<std::uint32_t>(rules::Dice(0, flow_, made_++).bits(0));
  return codecs::write_frame(opcode, compressed, payload, direction == Direction::kUpstream, key);
}

}  // namespace brownout::messages
