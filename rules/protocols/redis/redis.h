// Redis commands and replies, in RESP2 and RESP3, in the form that rules match (redis.io, Redis
// serialization protocol specification). The codec reads and writes the wire format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/protocols/redis/redis_commands.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// Type of a reply. Unsolicited pub/sub messages count as pushes in RESP2, too, where they are
// arrays.
enum class RedisType : std::uint8_t {
  kSimple,
  kError,
  kInteger,
  kBulk,
  kArray,
  kNull,
  kDouble,
  kBoolean,
  kBigNumber,
  kVerbatim,
  kMap,
  kSet,
  kPush,
};

// A command of a client. The message of the reply refers to the command, too.
struct RedisCommand {
  std::string name = {};  // lowercase, such as "script load"; may be ""
  const RedisCommandRow* row = &redis_command_row({});
  // First argument, lowercase and only if short; filled only for commands with kRedisSteers.
  std::string argument = {};
  std::vector<std::string> keys = {};      // at most kMostKeys
  std::vector<std::string> channels = {};  // at most kMostKeys
  std::size_t arguments = 0;               // number of words, with the name
  std::int64_t database = 0;
  // Position among the connection's commands that expect a reply, from 1. 0 if no reply is
  // expected, or if pairing has been given up.
  std::uint64_t ordinal = 0;
  bool blocks = false;      // may wait for data without a limit
  bool queued = false;      // part of a transaction, after MULTI
  bool subscribed = false;  // sent on a RESP2 connection with subscriptions

  static constexpr std::size_t kMostKeys = 4096;
  std::size_t memory() const;
};
// Builds a command from its words. Keys and channels are filled only if `whole` or if the command
// blocks.
RedisCommand redis_command_of(std::span<const std::string_view> words, bool whole = true);

struct RedisReply {
  RedisType type = RedisType::kSimple;
  std::string text = {};  // for errors, simple strings and other scalars
};

// The cluster slot of a key: CRC16 of the text between { and } in the key, or of the whole key
// (redis.io, Redis cluster specification, Hash tags).
unsigned redis_slot(std::string_view key);

// A command pattern such as "MGET", "script load" or "client *", in any case. A single word also
// matches the two-word commands that begin with it.
struct RedisCommandPattern {
  std::string text;  // lowercase
  bool matches(std::string_view name) const;
};
template <>
struct ValueKind<RedisCommandPattern> {
  static std::string name() { return "command"; }
  static Result<RedisCommandPattern> read(const Node& node);
  static std::string print(const RedisCommandPattern& value) { return in_quotes(value.text); }
};

template <>
struct EnumNames<RedisType> {
  static constexpr std::array kValues{
      std::pair<std::string_view, RedisType>{"simple", RedisType::kSimple},
      std::pair<std::string_view, RedisType>{"error", RedisType::kError},
      std::pair<std::string_view, RedisType>{"integer", RedisType::kInteger},
      std::pair<std::string_view, RedisType>{"bulk", RedisType::kBulk},
      std::pair<std::string_view, RedisType>{"array", RedisType::kArray},
      std::pair<std::string_view, RedisType>{"null", RedisType::kNull},
      std::pair<std::string_view, RedisType>{"double", RedisType::kDouble},
      std::pair<std::string_view, RedisType>{"boolean", RedisType::kBoolean},
      std::pair<std::string_view, RedisType>{"big_number", RedisType::kBigNumber},
      std::pair<std::string_view, RedisType>{"verbatim", RedisType::kVerbatim},
      std::pair<std::string_view, RedisType>{"map", RedisType::kMap},
      std::pair<std::string_view, RedisType>{"set", RedisType::kSet},
      std::pair<std::string_view, RedisType>{"push", RedisType::kPush}};
};

}  // namespace brownout::rules
