// What `brownout ctl` shows a person of the API's answers.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace brownout::cli {

// `what` is "status", "rules", "listeners" or "flows".
std::string table_of(const std::string& what, const nlohmann::ordered_json& answer);
// A line of what the API changed of the rule file, from the status; "" if that is nothing.
std::string differences_text(const nlohmann::ordered_json& status);
std::string event_line(const nlohmann::ordered_json& event);
// `before` is the same a second ago, or null.
std::string top_view(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before);

}  // namespace brownout::cli
