// Formats responses and events of the proxy's API as text for the terminal (`brownout ctl`).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace brownout::cli {

// Formats one response of the API as a text table. `what` is "status", "rules", "listeners" or
// "flows".
std::string table_of(const std::string& what, const nlohmann::ordered_json& answer);
// Lists the tables ([[rule]], [[listener]] ...) in which the API's changes differ from the rule
// file; "" if there are none.
std::string differences_text(const nlohmann::ordered_json& status);
// Formats rows as aligned columns, with numbers to the right. Escapes control characters in cells,
// since names come from other users.
std::string aligned(std::vector<std::vector<std::string>> rows);
std::string event_line(const nlohmann::ordered_json& event);
// Formats the screen of `brownout ctl top`. `before` is the API's status one second earlier, or
// null; rates come from the difference between the two.
std::string top_view(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before);

}  // namespace brownout::cli
