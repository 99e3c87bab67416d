#include "rules/protocols/redis/codec/redis_skim.h"

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostSkimmedLine = 64;
constexpr std::size_t kMostSkimmedDigits = 6;

}  // namespace

std::optional<std::size_t> take_redis_number(std::string_view& text, char sign) {
  if (text.empty() || text.front() != sign) return std::nullopt;
  std::size_t number = 0;
  std::size_t at = 1;
  for (; at < text.size() && at <= kMostSkimmedDigits && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<std::size_t>(text[at] - '0');
  }
  if (at == 1 || text.size() < at + 2 || text[at] != '\r' || text[at + 1] != '\n')
    return std::nullopt;
  text.remove_prefix(at + 2);
  return number;
}

std::optional<std::string_view> take_redis_word(std::string_view& text) {
  const auto size = take_redis_number(text, '$');
  const bool whole = size && *size <= kMostSkimmedText && text.size() >= *size + 2 &&
                     text[*size] == '\r' && text[*size + 1] == '\n';
  if (!whole) return std::nullopt;
  const auto word = text.substr(0, *size);
  text.remove_prefix(*size + 2);
  return word;
}

SkimmedRedisCommand skim_redis_command(ByteView bytes) {
  SkimmedRedisCommand command;
  bool first = true;
  command.size = skim_redis_words(text_of(bytes), [&](std::size_t, std::string_view word) {
    if (first) command.name = word;
    first = false;
  });
  return command;
}

std::size_t skim_redis_reply(ByteView bytes) {
  const auto text = text_of(bytes);
  if (text.empty()) return 0;
  auto rest = text;
  switch (text.front()) {
    case '$':
      return take_redis_word(rest) ? text.size() - rest.size() : 0;
    case ':':
      return take_redis_number(rest, ':') ? text.size() - rest.size() : 0;
    case '+':
    case '-': {
      const auto end = text.substr(0, kMostSkimmedLine).find('\n');
      const bool whole = end != std::string_view::npos && text[end - 1] == '\r';
      return whole ? end + 1 : 0;
    }
    default:
      return 0;
  }
}

}  // namespace brownout::codecs
