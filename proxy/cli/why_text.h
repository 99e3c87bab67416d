// Formats the answer of GET /why as text for a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace brownout::cli {

std::string why_text(const nlohmann::ordered_json& answer);

}  // namespace brownout::cli
