#include "rules/protocols/websocket/websocket.h"

#include <algorithm>

namespace brownout::rules {
namespace {

// Payload of a Close frame with status 1013, "try again later" (RFC 6455, 5.5.1; IANA registry).
constexpr std::string_view kTryAgainLater = "\x03\xf5";

Opcode opcode_of(const Message& message) { return view_as<WebSocketMessage>(&message)->opcode; }
bool is_data(const Message& message) {
  return opcode_of(message) == Opcode::kText || opcode_of(message) == Opcode::kBinary;
}

class WebSocketProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "websocket"; }
  std::string_view title() const override { return "WebSocket"; }

  bool has_connections() const override { return false; }
  bool has_websockets() const override { return true; }

  std::vector<MessageKey> keys() const override {
    return {message_key<WebSocketMessage, std::vector<Opcode>>(
        "opcode", "only messages of these kinds", [](const auto& message, const auto& opcodes) {
          return std::find(opcodes.begin(), opcodes.end(), message.opcode) != opcodes.end();
        })};
  }
  void describe(const Message& message, const Tell& tell) const override {
    tell("opcode", name_of(opcode_of(message)));
  }
  std::string_view about_text() const override {
    return "only text messages that match these patterns (as for path), also compressed ones";
  }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    const auto& view = *view_as<WebSocketMessage>(&message);
    if (view.opcode != Opcode::kText || view.compressed) return std::nullopt;
    return text_of(payload);
  }

  bool is_control(const Message& message) const override {
    return opcode_of(message) >= Opcode::kClose;
  }
  bool ends_conversation(const Message& message) const override {
    return opcode_of(message) == Opcode::kClose;
  }
  // Text, and the reason in a Close, must remain valid UTF-8 (RFC 6455, 8.1 and 5.5.1). For a
  // Close, text() returns no value, because a status code precedes the reason.
  bool must_be_text(const Message& message) const override {
    const auto& view = *view_as<WebSocketMessage>(&message);
    return !view.compressed && (view.opcode == Opcode::kText || view.opcode == Opcode::kClose);
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    if (!is_data(*chunk.message())) return std::nullopt;
    return websocket_chunk(opcode_of(*chunk.message()), text);
  }

  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions&) const override {
    if (!is_data(*asked.message())) return std::nullopt;
    return Refusal{websocket_chunk(Opcode::kClose, kTryAgainLater), true};
  }
  std::optional<Chunk> pong(const Chunk& ping) const override {
    if (opcode_of(*ping.message()) != Opcode::kPing) return std::nullopt;
    return websocket_chunk(Opcode::kPong, text_of(ping.bytes()));
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{.name = "opcode",
             .meaning = "kind of message (text)",
             .values = names_of<Opcode>(),
             .is_value = true}};
  }
  Message message_from_options(const OptionValue& of) const override {
    const auto opcode = value_named<Opcode>(of("opcode")).value_or(Opcode::kText);
    return {.protocol = this, .view = std::make_shared<const WebSocketMessage>(opcode)};
  }
};

}  // namespace

const MessageProtocol& WebSocketMessage::protocol() {
  static const WebSocketProtocol protocol;
  return protocol;
}

Chunk websocket_chunk(Opcode opcode, std::string_view payload) {
  return message_chunk(WebSocketMessage::protocol(),
                       std::make_shared<const WebSocketMessage>(opcode), payload);
}

}  // namespace brownout::rules
