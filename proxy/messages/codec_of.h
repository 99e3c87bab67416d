// Which codec reads the connections of a listener from their first byte.
#pragma once

#include <memory>

#include "proxy/messages/message_codec.h"
#include "rules/config.h"

namespace brownout::messages {

// Null: they are no messages, or become some later (WebSocket, by an upgrade).
std::unique_ptr<MessageCodec> codec_of(const rules::Listener& listener);

}  // namespace brownout::messages
