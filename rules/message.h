// One message of a protocol on a connection, as rules see it, beside its payload (a Chunk): today
// those of WebSocket (RFC 6455).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules/schema.h"

namespace brownout::rules {

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

struct Message {
  Opcode opcode = Opcode::kText;
  bool compressed = false;           // permessage-deflate (RFC 7692): the payload cannot be read
  std::vector<std::byte> wire = {};  // as it came, all its frames; empty for one that a rule made
};

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
