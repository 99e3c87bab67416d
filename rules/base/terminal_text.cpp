#include "rules/base/terminal_text.h"

#include "rules/base/hex_digit.h"
#include "rules/base/utf8.h"

namespace brownout::rules {
namespace {

struct Character {
  std::size_t size = 0;  // size of the character in bytes; 0 if the bytes are not valid UTF-8
  char32_t code = 0;
};

Character first_character(std::string_view text) {
  const auto size = utf8_size(text);
  return {size, size > 0 ? utf8_code(text.substr(0, size)) : 0};
}

bool commands(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
         code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// Returns an escape such as "\x1b" or "\u202e". `kind` is 'x' for a byte and 'u' for a code point.
std::string in_hex(char kind, int digits, unsigned value) {
  std::string text{'\\', kind};
  for (int i = digits - 1; i >= 0; --i) text += kHexDigits[value >> (4 * i) & 15U];
  return text;
}

std::string escape(char32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  const auto number = static_cast<unsigned>(code);
  return code < 0x80 ? in_hex('x', 2, number) : in_hex('u', 4, number);
}

}  // namespace

std::string escaped(std::string_view text, LineEnds line_ends) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto [size, code] = first_character(text);
    const bool kept = line_ends == LineEnds::kKept && (code == '\n' || code == '\t');
    if (size == 0) {
      result += in_hex('x', 2, static_cast<unsigned char>(text[0]));
    } else if (commands(code) && !kept) {
      result += escape(code);
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [size, code] = first_character(text);
    if (size == 0) {
      result += '?';
    } else if (commands(code)) {
      result += ' ';
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

}  // namespace brownout::rules
