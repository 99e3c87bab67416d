// Checks whether a text is syntactically valid JSON (RFC 8259). Only the grammar counts: numbers of
// any size, and escapes of single surrogates in strings, are valid (RFC 8259, 6 and 8.2). Pure; any
// thread.
#pragma once

#include <string_view>

namespace brownout::rules {

// Whether the text is one JSON value in UTF-8, with or without a byte order mark before it. Memory
// use is proportional to the text; there is no recursion.
bool is_json(std::string_view text);

}  // namespace brownout::rules
