// Selects the codec (parser and serializer) for the messages of a connection. The listener's
// protocol decides; after an upgrade to WebSocket, the subprotocol; for the bodies of HTTP, the
// media type, too. The caller owns the codec.
// Pure functions; any thread.
#pragma once

#include <memory>

#include "rules/language/config.h"
#include "rules/protocols/codec/message_codec.h"

namespace brownout::messages {

// Returns null if the protocol has no messages, or has messages only after an upgrade to WebSocket.
std::unique_ptr<MessageCodec> codec_of(const rules::Listener& listener);
// Returns the codec for a connection that was upgraded to WebSocket, with the subprotocol (RFC
// 6455, 1.9) and extensions that the server chose. Both may be empty. `flow` seeds the random
// masks.
std::unique_ptr<MessageCodec> codec_of_websocket(std::string_view subprotocol,
                                                 std::string_view extensions, rules::Key flow);
// Like the function above, with the subprotocol and extensions in the head of the response that
// accepted the upgrade.
std::unique_ptr<MessageCodec> codec_of_websocket(const rules::HttpHead& accepted, rules::Key flow);
// Returns the codec for the bodies of an HTTP exchange, if the body in `direction` has a media type
// with messages of the listener's protocol; null otherwise. The codec borrows the exchange.
std::unique_ptr<MessageCodec> codec_of_body(const rules::Listener& listener,
                                            const rules::HttpExchange& exchange,
                                            Direction direction);
// Whether codec_of_body() returns a codec.
bool has_body_codec(const rules::Listener& listener, const rules::HttpExchange& exchange,
                    Direction direction);
// Whether the body with these messages is in base64.
bool has_base64_body(const rules::Listener& listener, const rules::HttpExchange& exchange,
                     Direction direction);

}  // namespace brownout::messages
