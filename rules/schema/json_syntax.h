// Checks whether a text is JSON (RFC 8259). The grammar alone decides: a number may be larger than
// any variable, and an escape in a string may be half of a surrogate pair (RFC 8259, 6 and 8.2).
// Pure; any thread.
#pragma once

#include <string_view>

namespace brownout::rules {

// Whether the text is one JSON value, in UTF-8, perhaps behind a byte order mark. Memory is bounded
// by the text, and nothing recurses.
bool is_json(std::string_view text);

}  // namespace brownout::rules
