// Formats the API's responses as text tables for `brownout ctl`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace brownout::cli {

// `what` is "status", "rules", "listeners" or "flows".
std::string table_of(const std::string& what, const nlohmann::ordered_json& answer);
// The tables in which the API differs from the rule file, as text; "" without differences.
std::string differences_text(const nlohmann::ordered_json& status);
// Aligns columns, numbers to the right. Makes cells printable, since names come from other users.
std::string aligned(std::vector<std::vector<std::string>> rows);
std::string event_line(const nlohmann::ordered_json& event);
// `before` is the previous value of `now`, one second older, or null; rates come from the
// difference.
std::string top_view(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before);

}  // namespace brownout::cli
