// Builds the message that `brownout explain` matches against rules, from the command line's
// options.
#pragma once

#include <optional>

#include "proxy/cli/commands.h"
#include "rules/language/config.h"

namespace brownout::cli {

// The message on a connection of `protocol`; nothing if no option describes a message.
std::optional<rules::Message> message_of(const ExplainOptions& options, rules::Protocol protocol);

}  // namespace brownout::cli
