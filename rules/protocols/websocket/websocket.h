// WebSocketMessage is a WebSocket message (RFC 6455) as a plain value, which rules match.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

struct WebSocketMessage final : MessageView {
  static const MessageProtocol& protocol();

  Opcode opcode = Opcode::kBinary;
  // Whether an unknown extension compressed the message, so that its payload is unreadable.
  bool compressed = false;
  // Number of this message, from 1, among the messages of its direction that permessage-deflate
  // (RFC 7692) compressed. 0 if it was not compressed. The payload is stored decompressed.
  std::uint64_t deflated = 0;

  explicit WebSocketMessage(Opcode is) : opcode(is) {}
  std::size_t memory() const override { return sizeof *this; }
};

// Creates a message for faults that send one.
Chunk websocket_chunk(Opcode opcode, std::string_view payload);

template <>
struct EnumNames<Opcode> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Opcode>{"text", Opcode::kText},
      std::pair<std::string_view, Opcode>{"binary", Opcode::kBinary},
      std::pair<std::string_view, Opcode>{"close", Opcode::kClose},
      std::pair<std::string_view, Opcode>{"ping", Opcode::kPing},
      std::pair<std::string_view, Opcode>{"pong", Opcode::kPong}};
};

}  // namespace brownout::rules
