#include "rules/base/columns.h"

#include <algorithm>
#include <array>

#include "rules/base/terminal_text.h"
#include "rules/base/utf8.h"

namespace brownout::rules {
namespace {

constexpr std::array<std::pair<char32_t, char32_t>, 9> kWide{{{0x1100, 0x115f},
                                                              {0x2e80, 0xa4cf},
                                                              {0xac00, 0xd7a3},
                                                              {0xf900, 0xfaff},
                                                              {0xfe30, 0xfe6f},
                                                              {0xff00, 0xff60},
                                                              {0xffe0, 0xffe6},
                                                              {0x1f300, 0x1faff},
                                                              {0x20000, 0x3fffd}}};

// Returns the first UTF-8 character of `text`, or its first byte if that does not begin a valid
// character.
std::string_view front_of(std::string_view text) {
  return text.substr(0, std::max<std::size_t>(utf8_size(text), 1));
}

std::size_t width_of(std::string_view character) {
  const auto code = utf8_code(character);
  const bool wide = std::any_of(kWide.begin(), kWide.end(), [&](const auto& range) {
    return code >= range.first && code <= range.second;
  });
  return wide ? 2 : 1;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto character = front_of(text);
    columns += width_of(character);
    text.remove_prefix(character.size());
  }
  return columns;
}

std::string fitted(std::string_view text, std::size_t most) {
  auto safe = printable(text);
  if (columns_of(safe) <= most) return safe;
  if (most == 0) return {};
  std::size_t end = 0;
  std::size_t columns = 0;
  while (true) {
    const auto character = front_of(std::string_view(safe).substr(end));
    columns += width_of(character);
    if (columns + 1 > most) break;
    end += character.size();
  }
  return safe.substr(0, end) + "…";
}

}  // namespace brownout::rules
