// Finds keys of `match` that no message of the named APIs has. Pure; any thread.
#pragma once

#include <optional>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

std::optional<MessageProtocol::Contradiction> kafka_contradiction(const Node& match);

}  // namespace brownout::rules
