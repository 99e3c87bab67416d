// RedisCommand and RedisReply are Redis messages as plain values that rules match, for RESP2 and
// RESP3 (redis.io, Redis serialization protocol specification).
//
// rules/protocols/redis/codec converts them from and to the wire format.
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

// Type of a reply. Published messages count as kPush even in RESP2, which sends them as arrays.
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

// A client's command. RedisMessage refers to it both for the command and for its reply.
struct RedisCommand {
  std::string name = {};  // in lower case, such as "script load"; may be empty
  const RedisCommandRow* row = &redis_command_row({});
  // The first argument in lower case. Set only if it is short, and only for commands that change
  // the state of the connection (kRedisSteers).
  std::string argument = {};
  std::vector<std::string> keys = {};      // at most kMostKeys
  std::vector<std::string> channels = {};  // at most kMostKeys
  std::size_t arguments = 0;               // number of words, including the name
  std::int64_t database = 0;
  // Number of the command, from 1, among those of its connection that expect a reply. 0 if no reply
  // is expected, or if replies are no longer paired with commands.
  std::uint64_t ordinal = 0;
  bool blocks = false;      // whether the command may wait for data without a limit
  bool queued = false;      // whether it is part of a transaction, after MULTI
  bool subscribed = false;  // whether the connection uses RESP2 and has subscriptions

  static constexpr std::size_t kMostKeys = 4096;
  std::size_t memory() const;
};
// Returns the command that consists of these words. Keys and channels are set only if `whole` is
// true or the command blocks.
RedisCommand redis_command_of(std::span<const std::string_view> words, bool whole = true);
// Like redis_command_of(), but stores the result in `command` and reuses its memory.
void set_redis_command(RedisCommand& command, std::span<const std::string_view> words, bool whole);

struct RedisReply {
  RedisType type = RedisType::kSimple;
  std::string text = {};  // text of an error, a simple string or another scalar
};

// Returns the cluster slot of a key: a CRC16 of the text between { and } in the key, or of the
// whole key (redis.io, Redis cluster specification, Hash tags).
unsigned redis_slot(std::string_view key);

// A command pattern such as "MGET", "script load" or "client *". Upper and lower case are equal. A
// single word also matches the two-word commands that begin with it.
struct RedisCommandPattern {
  std::string text;  // the pattern in lower case
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
