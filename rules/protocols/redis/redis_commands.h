// RedisCommandRow is one row of the table of Redis 7.0 commands: where the command has its keys,
// and in which states a server refuses it (output of COMMAND, redis-server 7.0.15). Unknown
// commands have no keys and no flags. Constant tables; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace brownout::rules {

// Flags in RedisCommandRow::flags.
inline constexpr unsigned kRedisWrites = 1;            // changes data; refused by a replica
inline constexpr unsigned kRedisGrows = 2;             // needs memory; refused above maxmemory
inline constexpr unsigned kRedisWhileLoading = 4;      // allowed while the server loads its data
inline constexpr unsigned kRedisWhileBusy = 8;         // allowed while a script runs too long
inline constexpr unsigned kRedisUnauthenticated = 16;  // allowed without AUTH
inline constexpr unsigned kRedisBlocks = 32;           // may wait until data arrives
// Changes the state of the connection: which replies arrive, or which database is selected.
inline constexpr unsigned kRedisSteers = 64;
inline constexpr unsigned kRedisHasSubcommands = 128;  // name has two words: "script load"

// The properties of a command: its flags, and which of its arguments are keys. Argument 0 is the
// command's name. Keys are in one or more of these places:
// - the arguments from `first` to `last` (below 0: counted from the end), each `step`-th;
// - the arguments after argument `count_at`, which contains their number;
// - with `streams`, the first half of the arguments after the word STREAMS.
struct RedisCommandRow {
  unsigned flags = 0;
  int first = 0;  // 0 if no key has a fixed position
  int last = 0;
  int step = 1;
  int count_at = 0;  // 0 if no argument contains the number of keys
  bool streams = false;
  // Index of the argument that is the written, published or echoed value. -1 means that there is
  // none, 0 that it is the last.
  int value_at = -1;
  std::string_view name = {};  // in lower case; empty for an unknown command

  bool has(unsigned flag) const { return (flags & flag) != 0; }
  // Returns the index of the value in a command with this many arguments. No value if the command
  // has no value, or too few arguments.
  std::optional<std::size_t> value(std::size_t arguments) const;
};

// Returns the properties of a command, such as "script load" (in lower case). The reference is
// always valid.
const RedisCommandRow& redis_command_row(std::string_view name);

}  // namespace brownout::rules
