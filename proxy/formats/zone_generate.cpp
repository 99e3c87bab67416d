#include "proxy/formats/zone_generate.h"

#include <cstdio>
#include <limits>
#include <optional>

#include "rules/base/diagnostics.h"
#include "rules/base/hex_digit.h"
#include "rules/base/whole_number.h"

namespace brownout::codecs {
namespace {

constexpr std::uint32_t kMostNumber = 0x7fffffff;
constexpr unsigned kMostWidth = 127;  // the same limit as in BIND
constexpr std::string_view kModifierHint =
    R"(it is "$" or "${offset,width,base}" with a base of d, o, x, X, n or N, e.g. "${0,3,d}")";

struct Modifier {
  std::int64_t offset = 0;
  unsigned width = 0;
  char base = 'd';
};

// Returns the text before the next comma, and removes it from `rest`.
std::string_view next_part(std::string_view& rest) {
  const auto part = rest.substr(0, rest.find(','));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

// Parses "offset,width,base", the text between the braces of $GENERATE.
std::optional<Modifier> parse_modifier(std::string_view text) {
  Modifier modifier;
  const bool ends_in_comma = text.ends_with(',');
  auto offset = next_part(text);
  const bool negative = offset.starts_with('-');
  if (negative || offset.starts_with('+')) offset.remove_prefix(1);
  const auto distance = rules::parse_whole_number<std::uint32_t>(offset, kMostNumber);
  if (!distance || ends_in_comma) return std::nullopt;
  modifier.offset = negative ? -std::int64_t{*distance} : std::int64_t{*distance};
  if (text.empty()) return modifier;
  const auto width = rules::parse_whole_number<unsigned>(next_part(text), kMostWidth);
  if (!width) return std::nullopt;
  modifier.width = *width;
  if (text.empty()) return modifier;
  if (text.size() != 1 || std::string_view("doxXnN").find(text.front()) == std::string_view::npos) {
    return std::nullopt;
  }
  modifier.base = text.front();
  return modifier;
}

// Returns hexadecimal digits, the least significant first, separated by dots as labels of DNS.
// `width` includes the dots.
std::string nibbles(std::uint32_t number, unsigned width, bool capitals) {
  const std::string_view digits = capitals ? "0123456789ABCDEF" : rules::kHexDigits;
  std::string text;
  do {
    if (!text.empty()) text += '.';
    text += digits[number & 0xf];
    number >>= 4;
  } while (number != 0 || text.size() + 1 < width);
  if (text.size() < width) text += '.';
  return text;
}

std::string formatted(std::int64_t number, const Modifier& modifier) {
  if (modifier.base == 'n' || modifier.base == 'N') {
    return nibbles(static_cast<std::uint32_t>(number), modifier.width, modifier.base == 'N');
  }
  char text[kMostWidth + 32];
  const auto width = static_cast<int>(modifier.width);
  const auto bare = static_cast<unsigned>(number);
  int size = 0;
  if (modifier.base == 'd') {
    size = std::snprintf(text, sizeof text, "%0*d", width, static_cast<int>(number));
  } else if (modifier.base == 'o') {
    size = std::snprintf(text, sizeof text, "%0*o", width, bare);
  } else {
    size = std::snprintf(text, sizeof text, modifier.base == 'x' ? "%0*x" : "%0*X", width, bare);
  }
  return {text, static_cast<std::size_t>(size)};
}

// Returns the text for one "$", which the caller has just removed from `rest`. Removes the braces
// after the "$", if any.
rules::Result<std::string> take_number(std::string_view& rest, std::uint32_t number) {
  Modifier modifier;
  if (rest.starts_with('{')) {
    const auto end = rest.find('}');
    const auto parsed =
        end == std::string_view::npos ? std::nullopt : parse_modifier(rest.substr(1, end - 1));
    if (!parsed) {
      return rules::config_error("the modifier in braces after $ is not valid",
                                 std::string(kModifierHint));
    }
    modifier = *parsed;
    rest.remove_prefix(end + 1);
  }
  const auto value = std::int64_t{number} + modifier.offset;
  if (value > std::numeric_limits<int>::max()) {
    return rules::config_error("with the offset, a number is larger than 2147483647",
                               "choose a smaller offset");
  }
  if (value < 0 && modifier.base != 'd') {
    return rules::config_error("with the offset, a number is below zero",
                               "choose another offset, or the base d, which allows a sign");
  }
  return formatted(value, modifier);
}

}  // namespace

rules::Result<GenerateRange> parse_generate_range(std::string_view word) {
  constexpr std::string_view kHint = R"(e.g. "1-10", or with a step "0-255/8")";
  const auto dash = word.find('-');
  const auto slash = word.find('/');
  const auto bad = [&](std::string_view what) {
    return rules::config_error("the range of $GENERATE " + std::string(what), std::string(kHint));
  };
  if (dash == std::string_view::npos) return bad("has no \"-\"");
  const auto number = [](std::string_view text) {
    return rules::parse_whole_number<std::uint32_t>(text, kMostNumber);
  };
  const auto first = number(word.substr(0, dash));
  const auto last = number(word.substr(dash + 1, slash - dash - 1));
  const auto step = slash == std::string_view::npos ? 1 : number(word.substr(slash + 1));
  if (!first || !last || !step) return bad("has a number that is not from 0 to 2147483647");
  if (*first > *last) return bad("ends before it begins");
  if (*step == 0) return bad("has a step of 0");
  return GenerateRange{*first, *last, *step};
}

rules::Result<std::string> generated_text(std::string_view text, std::uint32_t number) {
  std::string result;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\' && !text.empty()) {
      result += c;
      result += text.front();
      text.remove_prefix(1);
    } else if (c != '$') {
      result += c;
    } else if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
    } else {
      const auto instead = take_number(text, number);
      if (!instead) return instead;
      result += *instead;
    }
  }
  return result;
}

}  // namespace brownout::codecs
