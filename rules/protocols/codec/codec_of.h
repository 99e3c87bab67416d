// Which codec reads the connections of a listener, from their first byte or from an upgrade on.
#pragma once

#include <memory>

#include "rules/language/config.h"
#include "rules/protocols/codec/message_codec.h"

namespace brownout::messages {

// Null: they are no messages, or become some later (WebSocket, by an upgrade).
std::unique_ptr<MessageCodec> codec_of(const rules::Listener& listener);
// Of a connection that became WebSocket, with the subprotocol that its server chose (RFC 6455,
// 1.9), and its extensions; both may be empty. `flow` names the masks' dice.
std::unique_ptr<MessageCodec> codec_of_websocket(std::string_view subprotocol,
                                                 std::string_view extensions, rules::Key flow);

}  // namespace brownout::messages
