// Formats the body of a webhook's POST. No I/O.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

// `event` has the members of an event, as docs/rehearsals.md names them.
std::string webhook_body(const rules::Webhook& hook, const nlohmann::json& event);

}  // namespace brownout::rehearsal
