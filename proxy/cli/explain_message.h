// What `brownout explain` is told of a message, as rules see one.
#pragma once

#include <optional>

#include "proxy/cli/commands.h"
#include "rules/language/config.h"

namespace brownout::cli {

// Of a connection of `protocol`; none where nothing is said of it.
std::optional<rules::Message> message_of(const ExplainOptions& options, rules::Protocol protocol);

}  // namespace brownout::cli
