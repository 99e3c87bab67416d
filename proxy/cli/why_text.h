// Formats the API's response to GET /api/v1/why (the latest actions of rules) as text for a
// terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace brownout::cli {

std::string why_text(const nlohmann::ordered_json& answer);

}  // namespace brownout::cli
