// Joins names into one text for messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brownout::rules {

// "a, b, c"
std::string list_text(const std::vector<std::string_view>& names);
// "a, b and c"
std::string and_text(const std::vector<std::string_view>& names);

}  // namespace brownout::rules
