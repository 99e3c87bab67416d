// What `brownout ctl` shows a person of the API's answers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace brownout::cli {

// `what` is "status", "rules", "listeners" or "flows".
std::string table_of(const std::string& what, const nlohmann::ordered_json& answer);
std::string event_line(const nlohmann::ordered_json& event);
// `before` is the same a second ago, or null.
std::string top_view(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before);

}  // namespace brownout::cli
