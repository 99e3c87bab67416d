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
};

// By its name in small letters, "script load".
const RedisCommandRow& redis_command_row(std::string_view name);
// Whether the name of such a command has two words.
bool has_redis_subcommands(std::string_view first_word);
// Which argument of so many is the value that a command writes, publishes or echoes; none if it has
// none.
std::optional<std::size_t> redis_value_at(std::string_view name, std::size_t arguments);

}  // namespace brownout::rules
