#include "rules/protocols/mqtt/codec/mqtt_websocket_codec.h"

#include <utility>

namespace brownout::messages {

MqttWebSocketCodec::Reader::Reader(MqttWebSocketCodec& codec, Direction direction)
    : codec_(codec),
      direction_(direction),
      frames_(codec.frames_.side(direction)),
      packets_(codec.packets_.side(direction)) {}

// Returns why the current data frame cannot contain MQTT, or "".
std::string_view MqttWebSocketCodec::Reader::refused_frame() const {
  if (frames_.frame().opcode() != rules::Opcode::kBinary) return "a text frame";
  if (frames_.frame().compressed()) return "a compressed frame";
  return {};
}

// Parses payload that is not buffered, to find where packets begin. Returns why the payload is not
// MQTT, or "".
std::string_view MqttWebSocketCodec::Reader::track_packets() {
  ByteView payload = frames_.frame().payload();
  if (frames_.frame().control() || payload.empty()) return {};
  if (const auto why = refused_frame(); !why.empty()) return why;
  while (!payload.empty()) {
    const auto step = packets_.read(payload, false);
    if (!step.broken.empty()) return step.broken;
    payload = payload.subspan(step.taken);
  }
  return {};
}

MessageReader::Step MqttWebSocketCodec::Reader::next(ByteView bytes, bool keep) {
  if (done_ < payload_.size()) return next_packet();
  if (!frames_.within() && !packets_.within()) keep_ = keep || packets_.aliases_differ();
  auto step = frames_.next(bytes, keep_);
  if (!step.broken.empty()) return step;
  if (!keep_) {
    const auto why = track_packets();
    return why.empty() ? step : Step{.broken = why};
  }
  if (step.ended && step.ended->message->ends_conversation() && packets_.held() > 0) {
    // A WebSocket Close ends an incomplete packet. The bytes of that packet are forwarded first,
    // before the incomplete message and the Close.
    const auto begun = codec_.frames_.frame(packets_.rest(), direction_);
    auto& wire = step.ended->message->wire;
    wire.insert(wire.begin(), begun.begin(), begun.end());
  }
  // An empty binary message contains no MQTT packet, so it remains a WebSocket message.
  if (!step.ended || step.ended->message->is_control() || step.ended->payload.empty()) return step;
  wire_ = std::move(step.ended->message->wire);
  payload_ = std::move(step.ended->payload);
  done_ = 0;
  return {.taken = step.taken, .kept = true, .more = true};
}

MessageReader::Step MqttWebSocketCodec::Reader::next_packet() {
  if (const auto why = refused_frame(); !why.empty()) return {.broken = why};
  const bool first = done_ == 0 && !packets_.within();
  auto step = packets_.read(ByteView(payload_).subspan(done_), true);
  if (!step.broken.empty()) return step;
  done_ += std::exchange(step.taken, 0);
  step.more = done_ < payload_.size();
  if (step.more) return step;
  if (step.ended && first) {
    auto& message = *step.ended->message;
    auto view = *rules::view_as<rules::MqttMessage>(&message);
    view.frames = std::move(wire_);
    message.view = std::make_shared<const rules::MqttMessage>(std::move(view));
  }
  wire_.clear();
  payload_.clear();
  done_ = 0;
  return step;
}

std::size_t MqttWebSocketCodec::Reader::held() const {
  return packets_.held() + payload_.size() - done_ + frames_.held();
}

bool MqttWebSocketCodec::Reader::passing() const {
  return !keep_ && (frames_.within() || packets_.within());
}

Bytes MqttWebSocketCodec::Reader::rest() {
  auto begun = packets_.rest();
  Bytes rest;
  if (done_ > 0)
    begun.insert(begun.end(), payload_.begin() + static_cast<std::ptrdiff_t>(done_),
                 payload_.end());
  if (!begun.empty()) rest = codec_.frames_.frame(begun, direction_);
  if (done_ == 0) rest.insert(rest.end(), wire_.begin(), wire_.end());
  const auto behind = frames_.rest();
  rest.insert(rest.end(), behind.begin(), behind.end());
  wire_.clear();
  payload_.clear();
  done_ = 0;
  return rest;
}

Bytes MqttWebSocketCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto* message = rules::view_as<rules::MqttMessage>(chunk.message());
  if (message == nullptr) return frames_.write(chunk, direction);
  const auto packet = packets_.write(chunk, direction);
  const bool as_it_came = !message->frames.empty() && packet == chunk.message()->wire;
  return as_it_came ? message->frames : frames_.frame(packet, direction);
}

}  // namespace brownout::messages
