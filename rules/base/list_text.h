// Joins names into one text for error messages. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brownout::rules {

// Returns "a, b, c".
std::string list_text(const std::vector<std::string_view>& names);
// Returns "a, b and c".
std::string and_text(const std::vector<std::string_view>& names);

}  // namespace brownout::rules
