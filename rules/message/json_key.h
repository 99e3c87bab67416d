// json_key() creates the key `json` of a rule's `match`, for protocols whose messages may be JSON.
// Its value is a table of JSON pointers (RFC 6901), each with the value that the message must have
// there.
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
