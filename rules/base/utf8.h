// UTF-8 (RFC 3629) in bytes that may be something else.
#pragma once

#include <cstddef>
#include <string_view>

namespace brownout::rules {

// How many bytes the character has that `text` begins with; 0 where there is none (4).
std::size_t utf8_size(std::string_view text);

// The code point of one whole character.
char32_t utf8_code(std::string_view character);

bool is_utf8(std::string_view text);

// The first `most` bytes, or up to three fewer so that no character is cut.
std::string_view utf8_front(std::string_view text, std::size_t most);

// The character that the byte at `place` is a part of; empty where it is part of none.
std::string_view utf8_around(std::string_view text, std::size_t place);

}  // namespace brownout::rules
