// Formats the body of a webhook's POST. No I/O.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

// Returns the body for an event of a rehearsal. docs/rehearsals.md lists the members of `event`.
std::string webhook_body(const rules::Webhook& hook, const nlohmann::json& event);

}  // namespace brownout::rehearsal
