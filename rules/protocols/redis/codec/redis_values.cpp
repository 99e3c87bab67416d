#include "rules/protocols/redis/codec/redis_values.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace brownout::codecs {
namespace {

using rules::RedisType;
using rules::RedisValue;

// Size of the format before the text of a verbatim string: "txt:".
constexpr std::size_t kVerbatimFormat = 4;
constexpr std::string_view kRedisEnd = "\r\n";

RedisType redis_type_of(char sign, bool null) {
  if (null) return RedisType::kNull;
  switch (sign) {
    case '-':
    case '!':
      return RedisType::kError;
    case ':':
      return RedisType::kInteger;
    case '$':
      return RedisType::kBulk;
    case '*':
    case '>':  // a push that answers a command: the confirmation of a subscription
      return RedisType::kArray;
    case ',':
      return RedisType::kDouble;
    case '#':
      return RedisType::kBoolean;
    case '(':
      return RedisType::kBigNumber;
    case '=':
      return RedisType::kVerbatim;
    case '%':
      return RedisType::kMap;
    case '~':
      return RedisType::kSet;
    default:
      return RedisType::kSimple;
  }
}

bool is_redis_string(char sign) { return sign == '$' || sign == '=' || sign == '!'; }
bool is_redis_line(char sign) { return sign == '+' || sign == '-'; }

RedisValue redis_value_in(const RedisPart& part) {
  RedisValue value{.sign = part.sign, .head = part.head, .body = part.body, .size = part.size};
  if (part.sign == '=' && part.size >= kVerbatimFormat) {
    value.body += kVerbatimFormat;
    value.size -= kVerbatimFormat;
  }
  return value;
}

void append_redis(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
void append_redis(Bytes& to, std::string_view text) { append_redis(to, bytes_of(text)); }
void append_redis_string(Bytes& to, char sign, std::string_view ahead, ByteView bytes) {
  append_redis(to, sign + std::to_string(ahead.size() + bytes.size()) + std::string(kRedisEnd));
  append_redis(to, ahead);
  append_redis(to, bytes);
}
// Appends a line of this RESP type. CR and LF would end the line, so they become blanks.
void append_redis_line(Bytes& to, char sign, ByteView bytes) {
  to.push_back(static_cast<std::byte>(sign));
  for (const auto byte : bytes) {
    const bool ends = byte == std::byte{'\r'} || byte == std::byte{'\n'};
    to.push_back(ends ? std::byte{' '} : byte);
  }
}

// Returns an inline command with `payload` as its word `at`. It is written as an array, because an
// inline command cannot contain every value.
Bytes write_redis_inline(std::size_t at, ByteView wire, ByteView payload) {
  std::vector<std::string> words;
  split_redis_words(text_of(wire), words);
  Bytes bytes;
  append_redis(bytes, "*" + std::to_string(words.size()) + std::string(kRedisEnd));
  for (std::size_t i = 0; i < words.size(); ++i) {
    append_redis_string(bytes, '$', {}, i == at ? payload : bytes_of(words[i]));
    append_redis(bytes, kRedisEnd);
  }
  return bytes;
}

}  // namespace

void read_redis_command(rules::RedisCommand& command, RedisParts parts, ByteView wire, bool whole) {
  // An array on the stack is enough for most commands, which have few words.
  std::array<std::string_view, 16> few;
  std::vector<std::string_view> many;
  const auto count = parts.size() - 1;
  if (count > few.size()) many.resize(count);
  const auto words = count > few.size() ? std::span(many) : std::span(few).first(count);
  const auto all = text_of(wire);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& part = parts[i + 1];
    const bool kept = part.sign != 'i' && !wire.empty();
    words[i] = kept ? all.substr(part.body, part.size) : std::string_view(part.text);
  }
  rules::set_redis_command(command, words, whole);
  command.arguments = parts.front().size;
}

const rules::RedisCommandRow& redis_row_of(std::string_view word) {
  std::array<char, 16> name{};  // a longer name counts as unknown
  if (word.size() > name.size()) return rules::redis_command_row({});
  std::transform(word.begin(), word.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return rules::redis_command_row({name.data(), word.size()});
}

std::optional<RedisValue> value_of_redis_command(const rules::RedisCommand& command,
                                                 RedisParts parts) {
  const auto at = command.row->value(parts.size() - 1);
  if (!at) return std::nullopt;
  const auto& part = parts[*at + 1];
  if (part.sign == 'i') return RedisValue{.sign = 'i', .head = *at, .size = part.size};
  return redis_value_in(part);
}

rules::RedisReply read_redis_reply(RedisParts parts, bool push) {
  const auto& value = parts.front();
  rules::RedisReply reply{push ? RedisType::kPush : redis_type_of(value.sign, value.null)};
  const bool aggregate = std::string_view("*~>%$=").find(value.sign) != std::string_view::npos;
  if (!aggregate) reply.text = value.text;
  return reply;
}

std::optional<RedisValue> value_of_redis_reply(RedisParts parts, bool message) {
  const auto& part = message ? parts.back() : parts.front();
  const bool is_text = is_redis_string(part.sign) || is_redis_line(part.sign);
  return is_text && !part.null ? std::optional(redis_value_in(part)) : std::nullopt;
}

ByteView payload_of_redis(const RedisValue& value, ByteView wire) {
  if (value.sign == 'i') return {};
  return wire.subspan(value.body, value.size);
}

Bytes write_redis_value(const RedisValue& value, ByteView wire, ByteView payload) {
  if (value.sign == 'i') return write_redis_inline(value.head, wire, payload);
  Bytes bytes;
  append_redis(bytes, wire.first(value.head));
  if (is_redis_line(value.sign)) {
    append_redis_line(bytes, value.sign, payload);
  } else {
    const bool formatted = value.sign == '=';
    const auto format =
        formatted ? text_of(wire.subspan(value.body - kVerbatimFormat, kVerbatimFormat)) : "";
    append_redis_string(bytes, value.sign, format, payload);
  }
  append_redis(bytes, wire.subspan(value.body + value.size));
  return bytes;
}

Bytes write_redis_reply(const rules::RedisReply& reply) {
  Bytes bytes;
  const auto text = bytes_of(reply.text);
  switch (reply.type) {
    case RedisType::kError:
      append_redis_line(bytes, '-', text);
      break;
    case RedisType::kBulk:
      append_redis_string(bytes, '$', {}, text);
      break;
    case RedisType::kArray:
      // A rule sends an array only as the reply to PING on a RESP2 connection with subscriptions.
      append_redis(bytes, "*2\r\n$4\r\npong\r\n");
      append_redis_string(bytes, '$', {}, text);
      break;
    default:
      append_redis_line(bytes, '+', text);
  }
  append_redis(bytes, kRedisEnd);
  return bytes;
}

}  // namespace brownout::codecs
