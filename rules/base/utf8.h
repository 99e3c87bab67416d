// Finds UTF-8 characters (RFC 3629) in bytes that may not be valid UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace brownout::rules {

// Size in bytes of the first character of `text`; 0 if `text` does not begin with a valid character
// (RFC 3629, 4).
std::size_t utf8_size(std::string_view text);

// The code point of `character`, which is one complete, valid character.
char32_t utf8_code(std::string_view character);

bool is_utf8(std::string_view text);

// The first `most` bytes of `text`, or up to three fewer, so that no character is cut.
std::string_view utf8_front(std::string_view text, std::size_t most);

// The character that contains the byte at `place`; empty if no valid character does.
std::string_view utf8_around(std::string_view text, std::size_t place);

}  // namespace brownout::rules
