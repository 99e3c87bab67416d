// json_key() creates the key `json` of match, for protocols whose messages may be JSON: a table of
// JSON pointers (RFC 6901) and the values that must be there.
//
//   json = { "/type" = "message*", "/done" = true }
//
// Pure; any thread.
#pragma once

#include <string>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

// The key compares the text of a message (MessageProtocol::text), which must be one JSON value.
MessageKey json_key(std::string meaning);

}  // namespace brownout::rules
