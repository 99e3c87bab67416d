// A message of WebSocket (RFC 6455) as rules see it.
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
  bool compressed = false;  // by an extension that is not known: it cannot be read
  // With permessage-deflate (RFC 7692): its place among the compressed messages of its direction,
  // from 1; 0: it was not compressed. The payload is what it says.
  std::uint64_t deflated = 0;

  explicit WebSocketMessage(Opcode is) : opcode(is) {}
  std::size_t memory() const override { return sizeof *this; }
};

// A message that a rule made.
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
