// Functions that measure and shorten text for a terminal. A character takes one column, a wide
// (East Asian) character two (Unicode Standard Annex 11). Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brownout::rules {

std::size_t columns_of(std::string_view text);
// Makes `text` printable and at most `most` columns wide; a cut is marked by "…".
std::string fitted(std::string_view text, std::size_t most);

}  // namespace brownout::rules
