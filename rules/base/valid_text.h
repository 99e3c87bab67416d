// Turns arbitrary bytes into valid UTF-8 for JSON, XML and HTML: each invalid byte is replaced by
// U+FFFD (Unicode 15, table 3-7). Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rules/base/utf8.h"

namespace brownout::rules {

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

// Like valid_text(), but converts only the first `most` bytes of `text`. If the limit would split a
// character, that character is left out.
inline std::string shortened(std::string_view text, std::size_t most) {
  return valid_text(utf8_front(text, most));
}

}  // namespace brownout::rules
