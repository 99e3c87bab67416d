#include "rules/base/utf8.h"

#include <algorithm>

namespace brownout::rules {

std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto within = [&](std::size_t i, unsigned least, unsigned most) {
    return byte(i) >= least && byte(i) <= most;
  };
  if (text.empty()) return 0;
  const auto first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return within(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = within(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = within(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

char32_t utf8_code(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  char32_t code = byte(0) & (0x7fU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) code = code << 6U | (byte(i) & 0x3fU);
  return code;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string_view utf8_around(std::string_view text, std::size_t place) {
  for (std::size_t back = 0; back <= std::min<std::size_t>(place, 3); ++back) {
    const auto size = utf8_size(text.substr(place - back));
    if (size > back) return text.substr(place - back, size);
  }
  return {};
}

std::string_view utf8_front(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto cut = utf8_around(text, most);
  return cut.empty() ? text.substr(0, most)
                     : text.substr(0, static_cast<std::size_t>(cut.data() - text.data()));
}

}  // namespace brownout::rules
