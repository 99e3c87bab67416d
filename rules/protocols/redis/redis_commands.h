// What is known of the commands of Redis 7.0: where their keys are, and when a server refuses them
// (COMMAND of redis-server 7.0.15). One that is not known here has no keys and is refused only with
// all others.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace brownout::rules {

// When a server does, or does not, what it is asked.
inline constexpr unsigned kRedisWrites = 1;            // not on a replica
inline constexpr unsigned kRedisGrows = 2;             // not above maxmemory
inline constexpr unsigned kRedisWhileLoading = 4;      // while the dataset is loaded, too
inline constexpr unsigned kRedisWhileBusy = 8;         // while a script runs, too
inline constexpr unsigned kRedisUnauthenticated = 16;  // without AUTH, too
inline constexpr unsigned kRedisBlocks = 32;           // waits until there is something to say
// Changes what answers come on the connection, or which database it means.
inline constexpr unsigned kRedisSteers = 64;
inline constexpr unsigned kRedisHasSubcommands = 128;  // its name has two words: "script load"

// Keys are the arguments from `first` to `last` (below 0: from the end), each `step`-th; or those
// behind the argument `count_at`, which says how many there are; or the first half of those behind
// the word STREAMS. Argument 0 is the command's name.
struct RedisCommandRow {
  unsigned flags = 0;
  int first = 0;  // 0: none
  int last = 0;
  int step = 1;
  int count_at = 0;  // 0: none says so
  bool streams = false;
  // Which argument is the value that the command writes, publishes or echoes: -1: none, 0: the last.
  int value_at = -1;

  bool has(unsigned flag) const { return (flags & flag) != 0; }
  // Of so many arguments; none if there is no such one.
  std::optional<std::size_t> value(std::size_t arguments) const;
};

// By its name in small letters, "script load"; lives as long as the program.
const RedisCommandRow& redis_command_row(std::string_view name);

}  // namespace brownout::rules
