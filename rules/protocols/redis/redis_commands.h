// The properties of Redis 7.0 commands: where their keys are, and in which states a server refuses
// them (COMMAND of redis-server 7.0.15). Unknown commands have no keys and no flags.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace brownout::rules {

// Flags of a command.
inline constexpr unsigned kRedisWrites = 1;            // refused by a replica
inline constexpr unsigned kRedisGrows = 2;             // refused above maxmemory
inline constexpr unsigned kRedisWhileLoading = 4;      // allowed while the dataset is loaded
inline constexpr unsigned kRedisWhileBusy = 8;         // allowed while a script runs
inline constexpr unsigned kRedisUnauthenticated = 16;  // allowed without AUTH
inline constexpr unsigned kRedisBlocks = 32;           // may wait for data
// Changes which replies arrive on the connection, or which database is selected.
inline constexpr unsigned kRedisSteers = 64;
inline constexpr unsigned kRedisHasSubcommands = 128;  // has a name of two words: "script load"

// Position of the keys: the arguments from `first` to `last` (below 0: from the end), each
// `step`-th; or the arguments after `count_at`, which holds their number; or the first half of
// the arguments after the word STREAMS. Argument 0 is the command's name.
struct RedisCommandRow {
  unsigned flags = 0;
  int first = 0;  // 0: no such keys
  int last = 0;
  int step = 1;
  int count_at = 0;  // 0: no argument holds the number of keys
  bool streams = false;
  // Index of the argument with the value that is written, published or echoed; -1: none, 0: the
  // last.
  int value_at = -1;
  std::string_view name = {};  // lowercase; "" for an unknown command

  bool has(unsigned flag) const { return (flags & flag) != 0; }
  // Index of the value in a command with so many arguments; none if the command is too short.
  std::optional<std::size_t> value(std::size_t arguments) const;
};

// Looks up a lowercase name, such as "script load". The row has static lifetime.
const RedisCommandRow& redis_command_row(std::string_view name);

}  // namespace brownout::rules
