// Builds the MQTT, Redis or other message that `brownout explain` matches against rules, from the
// options of the command line.
#pragma once

#include <optional>

#include "proxy/cli/commands.h"
#include "rules/language/config.h"

namespace brownout::cli {

// Builds a message as a connection of `protocol` carries it; nothing if no option describes a
// message.
std::optional<rules::Message> message_of(const ExplainOptions& options, rules::Protocol protocol);

}  // namespace brownout::cli
