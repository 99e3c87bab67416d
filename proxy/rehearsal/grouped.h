// Formats numbers with digits in groups of three, for people: "139,968,000".
#pragma once

#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace brownout::rehearsal {

inline std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

// Formats a number with grouped digits and the given number of decimals. A number that cannot be a
// count (negative, infinite or from 1e15) is formatted with four digits and without groups.
inline std::string grouped(double number, int decimals) {
  constexpr double kMost = 1e15;
  if (!(number >= 0 && number < kMost)) return fmt::format("{:.4g}", number);
  const auto text = fmt::format("{:.{}f}", number, decimals);
  const auto point = text.find('.');
  const auto whole = grouped(static_cast<std::uint64_t>(std::stoull(text.substr(0, point))));
  return point == std::string::npos ? whole : whole + text.substr(point);
}

}  // namespace brownout::rehearsal
