// Finds UTF-8 characters (RFC 3629) in bytes that may not be valid UTF-8. Pure functions; any
// thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace brownout::rules {

// Returns the size in bytes of the first character of `text`, or 0 if `text` does not begin with a
// valid character (RFC 3629, 4).
std::size_t utf8_size(std::string_view text);

// Returns the code point of `character`, which must be one complete, valid character.
char32_t utf8_code(std::string_view character);

bool is_utf8(std::string_view text);

// Returns the first `most` bytes of `text`, or up to three bytes fewer if the limit would split a
// character.
std::string_view utf8_front(std::string_view text, std::size_t most);

// Returns the character that contains the byte at index `place`; empty if that byte is not part of
// a valid character.
std::string_view utf8_around(std::string_view text, std::size_t place);

}  // namespace brownout::rules
