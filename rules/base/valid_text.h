// Text from outside, made fit to be written as JSON, XML or HTML: whatever bytes it has, valid
// UTF-8 comes out (Unicode 15, table 3-7; what is not is replaced by U+FFFD).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rules/base/utf8.h"

namespace brownout::rules {

// Only whole characters.
inline std::string valid_text(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto size = utf8_size(text.substr(at));
    size > 0 ? valid.append(text, at, size) : valid.append("\xef\xbf\xbd");
    at += size > 0 ? size : 1;
  }
  return valid;
}

// The first `most` bytes at most, valid: never a part of a character.
inline std::string shortened(std::string_view text, std::size_t most) {
  return valid_text(utf8_front(text, most));
}

}  // namespace brownout::rules
