#include "rules/protocols/redis/redis.h"

#include <algorithm>
#include <utility>

#include "rules/base/whole_number.h"
#include "rules/protocols/redis/redis_commands.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

// Longest name of a command, or argument that is examined, in bytes.
constexpr std::size_t kMostRedisWord = 64;
constexpr unsigned kRedisSlots = 16'384;

using RedisWords = std::span<const std::string_view>;

// Overwrites the texts of a list (at most kMostKeys), and reuses the memory of the list and its
// texts.
class RedisNames {
 public:
  explicit RedisNames(std::vector<std::string>& list) : list_(list) {}
  ~RedisNames() { list_.resize(count_); }
  RedisNames(const RedisNames&) = delete;
  RedisNames& operator=(const RedisNames&) = delete;

  // Adds the arguments from `first` to `last`, each `step`-th.
  void add(RedisWords words, std::size_t first, std::size_t last, std::size_t step = 1) {
    for (auto at = first; at <= last && at < words.size(); at += step) {
      if (count_ == RedisCommand::kMostKeys) return;
      if (count_ == list_.size()) list_.emplace_back();
      list_[count_++] = words[at];
    }
  }

 private:
  std::vector<std::string>& list_;
  std::size_t count_ = 0;
};

void add_counted(RedisWords words, std::size_t count_at, RedisNames& to) {
  if (count_at >= words.size()) return;
  const auto count = parse_whole_number(words[count_at], words.size());
  if (count && *count > 0) to.add(words, count_at + 1, count_at + *count);
}

// Adds the keys of XREAD and the like, which are the first half of the words after STREAMS:
// XREAD ... STREAMS key key id id.
void add_streams(RedisWords words, RedisNames& to) {
  const auto found = std::find_if(words.begin(), words.end(), [](std::string_view word) {
    return lower_case(word) == "streams";
  });
  if (found == words.end()) return;
  const auto begin = static_cast<std::size_t>(found - words.begin()) + 1;
  const auto count = (words.size() - begin) / 2;
  if (count > 0) to.add(words, begin, begin + count - 1);
}

void add_keys(const RedisCommandRow& row, RedisWords words, RedisNames&& to) {
  if (row.first > 0) {
    const auto last = row.last > 0 ? row.last : static_cast<int>(words.size()) + row.last;
    if (last >= row.first) {
      to.add(words, static_cast<std::size_t>(row.first), static_cast<std::size_t>(last),
             static_cast<std::size_t>(row.step));
    }
  }
  if (row.count_at > 0) add_counted(words, static_cast<std::size_t>(row.count_at), to);
  if (row.streams) add_streams(words, to);
}

void add_channels(std::string_view name, RedisWords words, RedisNames&& to) {
  if (name == "publish" || name == "spublish") {
    to.add(words, 1, 1);
  } else if (name.ends_with("subscribe")) {
    to.add(words, 1, words.size());
  }
}

bool blocks(const RedisCommandRow& row, RedisWords words) {
  if (row.has(kRedisBlocks)) return true;
  return row.streams && std::any_of(words.begin(), words.end(), [](std::string_view word) {
           return lower_case(word) == "block";
         });
}

std::string small_word(RedisWords words, std::size_t at) {
  if (at >= words.size() || words[at].size() > kMostRedisWord) return {};
  return lower_case(words[at]);
}

}  // namespace

std::size_t RedisCommand::memory() const {
  std::size_t total = sizeof *this + name.size() + argument.size();
  for (const auto* list : {&keys, &channels}) {
    for (const auto& text : *list) total += sizeof text + text.size();
  }
  return total;
}

RedisCommand redis_command_of(std::span<const std::string_view> words, bool whole) {
  RedisCommand command;
  set_redis_command(command, words, whole);
  return command;
}

void set_redis_command(RedisCommand& command, std::span<const std::string_view> words, bool whole) {
  command = {.keys = std::move(command.keys), .channels = std::move(command.channels)};
  command.arguments = words.size();
  command.name = small_word(words, 0);
  command.row = &redis_command_row(command.name);
  std::size_t named = 1;
  if (command.row->has(kRedisHasSubcommands) && words.size() > 1) {
    command.name += " " + small_word(words, named++);
    command.row = &redis_command_row(command.name);
  }
  const auto& row = *command.row;
  command.blocks = blocks(row, words);
  if (row.has(kRedisSteers)) command.argument = small_word(words, named);
  const bool named_too = whole || command.blocks;
  add_keys(row, named_too ? words : RedisWords{}, RedisNames(command.keys));
  add_channels(command.name, named_too ? words : RedisWords{}, RedisNames(command.channels));
}

unsigned redis_slot(std::string_view key) {
  const auto open = key.find('{');
  if (open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  unsigned crc = 0;  // the checksum is CRC-16/XMODEM
  for (const char c : key) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? (crc << 1 ^ 0x1021U) & 0xffffU : crc << 1 & 0xffffU;
    }
  }
  return crc % kRedisSlots;
}

bool RedisCommandPattern::matches(std::string_view name) const {
  if (glob_matches(text, name)) return true;
  const auto blank = name.find(' ');
  return blank != std::string_view::npos && glob_matches(text, name.substr(0, blank));
}

Result<RedisCommandPattern> ValueKind<RedisCommandPattern>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a command");
  const auto blank = text->find(' ');
  const bool two_words = blank != std::string::npos;
  const bool bad = text->empty() || text->find_first_of("\t\r\n|") != std::string::npos ||
                   (two_words && (blank == 0 || blank + 1 == text->size() ||
                                  text->find(' ', blank + 1) != std::string::npos));
  if (bad) {
    return config_error(in_quotes(*text) + " is not a Redis command",
                        R"(e.g. "GET", "SCRIPT LOAD" or "CLIENT *", without arguments)");
  }
  return RedisCommandPattern{lower_case(*text)};
}

}  // namespace brownout::rules
