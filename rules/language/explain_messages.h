// The part of `explain` that is about messages: why a rule leaves a message alone, and how to
// describe one that it selects. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/engine/rule.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {

// Returns why the rule does not act on a message that differs in this key of its match.
std::string other_message_text(const Rule& rule, const Message& message, std::string_view key);

// Returns the options of `explain` that describe messages of these protocols as the match of the
// rule selects them: "--topic, --text".
std::string message_options_text(const Rule& rule, ProtocolSet protocols);

}  // namespace brownout::rules
