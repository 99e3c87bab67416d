// The protocol of Redis as rules see it: commands and replies, in RESP2 and RESP3 (redis.io, Redis
// serialization protocol specification). The wire format is the codec's matter.
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

// Of a reply. What pub/sub says by itself is a push in RESP2, too, where it is an array.
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

// Of a command, what its reply has, too.
struct RedisCommand {
  std::string name = {};                   // in small letters, "script load"; "" if it has none
  const RedisCommandRow* row = &redis_command_row({});
  // Behind the name, in small letters, if it is short; of commands that steer the connection only.
  std::string argument = {};
  std::vector<std::string> keys = {};      // kMostKeys at most
  std::vector<std::string> channels = {};  // and so many channels
  std::size_t arguments = 0;               // all of its words
  std::int64_t database = 0;
  // Which of those that a reply is expected to, from 1; 0: to none, or it is not known.
  std::uint64_t ordinal = 0;
  bool blocks = false;      // may wait, for as long as it likes
  bool queued = false;      // behind MULTI
  bool subscribed = false;  // of a connection of RESP2 that has subscriptions

  static constexpr std::size_t kMostKeys = 4096;
  std::size_t memory() const;
};
// From its words; with its keys and channels only where `whole` or it blocks.
RedisCommand redis_command_of(std::span<const std::string_view> words, bool whole = true);

struct RedisReply {
  RedisType type = RedisType::kSimple;
  std::string text = {};  // of an error, a simple string and what is no string or aggregate
};

// A cluster's slot of a key: CRC16 of what stands between { and } in it, or of all of it
// (redis.io, Redis cluster specification, Hash tags).
unsigned redis_slot(std::string_view key);

// "MGET", "script load", "client *": any case; a command of two words is meant by its first, too.
struct RedisCommandPattern {
  std::string text;  // in small letters
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
