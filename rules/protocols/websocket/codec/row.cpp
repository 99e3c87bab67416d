#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/websocket/codec/websocket_codec.h"

namespace brownout::messages {

extern const CodecRow kWebsocketCodec{
    .protocol = rules::WebSocketMessage::protocol,
    .websocket = [](std::string_view extensions, rules::Key flow) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<WebSocketCodec>(flow, codecs::agreed_deflate(extensions));
    }};

}  // namespace brownout::messages
