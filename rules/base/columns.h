// Measures and shortens text for a terminal: one column for each character, two for wide (East
// Asian) characters (Unicode Standard Annex 11).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brownout::rules {

std::size_t columns_of(std::string_view text);
// Makes `text` printable and at most `most` columns wide; a cut is marked by "…".
std::string fitted(std::string_view text, std::size_t most);

}  // namespace brownout::rules
