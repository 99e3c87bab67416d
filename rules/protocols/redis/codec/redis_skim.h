// Functions that find the end of the usual Redis commands and replies: those that are short and
// have arrived whole. They serve messages that no rule examines, and take a fraction of the time of
// RedisScan, which reads all others.
//
// Each function returns 0 if the bytes begin otherwise: with a part of a message, another type, a
// long string, or a violation of RESP. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

inline constexpr std::size_t kMostSkimmedWords = 63;
inline constexpr std::size_t kMostSkimmedText = 1 << 10;  // size of a word in bytes

// Removes a line with this RESP type and a number of one to six digits from the beginning of
// `text`, and returns the number.
std::optional<std::size_t> take_redis_number(std::string_view& text, char sign);
// Removes a bulk string of at most kMostSkimmedText bytes from the beginning of `text`, and returns
// its content.
std::optional<std::string_view> take_redis_word(std::string_view& text);

// Returns the size in bytes of the command at the beginning of `text`. Before that, calls
// on_word(head, word) for each word: `head` is the offset of its type byte in `text`.
template <class OnWord>
std::size_t skim_redis_words(std::string_view text, const OnWord& on_word) {
  auto rest = text;
  const auto words = take_redis_number(rest, '*');
  if (!words || *words == 0 || *words > kMostSkimmedWords) return 0;
  for (std::size_t i = 0; i < *words; ++i) {
    const auto head = text.size() - rest.size();
    const auto word = take_redis_word(rest);
    if (!word) return 0;
    on_word(head, *word);
  }
  return text.size() - rest.size();
}

struct SkimmedRedisCommand {
  std::size_t size = 0;  // in bytes; 0 if `bytes` begin otherwise
  std::string_view name = {};
};
SkimmedRedisCommand skim_redis_command(ByteView bytes);
// Returns the size in bytes of the reply at the beginning of `bytes`: a string, an error or an
// integer.
std::size_t skim_redis_reply(ByteView bytes);

}  // namespace brownout::codecs
