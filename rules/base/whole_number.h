// Decimal text to a number: all of the text, no sign, no blank.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace brownout::rules {

// None if the text is no number from 0 to `most`.
template <class Number>
std::optional<Number> parse_whole_number(std::string_view text, Number most) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value <= most ? std::optional(value) : std::nullopt;
}

}  // namespace brownout::rules
