// Selects the codec that reads a connection: by the listener's protocol, or by the WebSocket
// subprotocol after an upgrade.
#pragma once

#include <memory>

#include "rules/language/config.h"
#include "rules/protocols/codec/message_codec.h"

namespace brownout::messages {

// Null if the protocol has no messages, or has messages only after a WebSocket upgrade.
std::unique_ptr<MessageCodec> codec_of(const rules::Listener& listener);
// The codec for a connection that became WebSocket, with the subprotocol (RFC 6455, 1.9) and the
// extensions that the server chose; both may be empty. `flow` seeds the random masks.
std::unique_ptr<MessageCodec> codec_of_websocket(std::string_view subprotocol,
                                                 std::string_view extensions, rules::Key flow);

}  // namespace brownout::messages
