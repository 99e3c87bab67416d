#include "proxy/messages/codec_of.h"

#include "proxy/messages/framed_codec.h"
#include "proxy/messages/mqtt_codec.h"
#include "proxy/messages/mqtt_websocket_codec.h"
#include "proxy/messages/websocket_codec.h"
#include "proxy/messages/xmpp_codec.h"

namespace brownout::messages {

std::unique_ptr<MessageCodec> codec_of(const rules::Listener& listener) {
  switch (listener.protocol) {
    case rules::Protocol::kMqtt:
      return std::make_unique<MqttCodec>();
    case rules::Protocol::kXmpp:
      return std::make_unique<XmppCodec>();
    case rules::Protocol::kFramed:
      return std::make_unique<FramedCodec>(listener.framing.value_or(rules::Framing{}));
    default:
      return nullptr;
  }
}

std::unique_ptr<MessageCodec> codec_of_websocket(std::string_view subprotocol, rules::Key flow) {
  // The second is that of MQTT 3.1, which clients still ask for.
  if (subprotocol == "mqtt" || subprotocol == "mqttv3.1") {
    return std::make_unique<MqttWebSocketCodec>(flow);
  }
  return std::make_unique<WebSocketCodec>(flow);
}

}  // namespace brownout::messages
