// How much room text takes on a terminal: a column for each character, two for those that are wide
// (Unicode Standard Annex 11).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brownout::rules {

std::size_t columns_of(std::string_view text);
// Printable, and at most so many columns: what is left out is marked by "…".
std::string fitted(std::string_view text, std::size_t most);

}  // namespace brownout::rules
