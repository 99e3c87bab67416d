// Parses a decimal integer strictly: only digits are allowed, no sign and no white space. Pure
// functions; any thread.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace brownout::rules {

// Returns std::nullopt unless the whole of `text` is a number from 0 to `most`.
template <class Number>
std::optional<Number> parse_whole_number(std::string_view text, Number most) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value <= most ? std::optional(value) : std::nullopt;
}

}  // namespace brownout::rules
