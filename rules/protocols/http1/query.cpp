#include "rules/protocols/http1/query.h"

#include <algorithm>
#include <optional>
#include <string>

namespace brownout::rules {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const auto letter = static_cast<char>(c | 0x20);
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return std::nullopt;
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const auto high = escape ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = escape ? hex_digit(text[i + 2]) : std::nullopt;
    if (high && low) {
      plain += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

}  // namespace

bool any_parameter(std::string_view query,
                   const std::function<bool(std::string_view name, std::string_view value)>& is) {
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const auto mark = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(mark + 1, part.size()));
    if (is(decoded(part.substr(0, mark)), decoded(value))) return true;
  }
  return false;
}

}  // namespace brownout::rules
