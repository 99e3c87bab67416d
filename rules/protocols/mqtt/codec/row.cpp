#include <array>

#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/mqtt/codec/mqtt_codec.h"
#include "rules/protocols/mqtt/codec/mqtt_watch.h"
#include "rules/protocols/mqtt/codec/mqtt_websocket_codec.h"

namespace brownout::messages {
namespace {

// Subprotocols of WebSocket for MQTT. "mqtt" is the standard name (MQTT 5.0, section 6). Clients
// still request "mqttv3.1" for MQTT 3.1; the broker EMQX accepts the other names, too.
constexpr std::array<std::string_view, 5> kSubprotocols{"mqtt", "mqttv3.1", "mqtt-v3",
                                                        "mqtt-v3.1.1", "mqtt-v5"};

std::unique_ptr<MessageCodec> on_connection(const rules::Listener&) {
  return std::make_unique<MqttCodec>();
}
std::unique_ptr<MessageCodec> in_websocket(std::string_view, rules::Key flow) {
  return std::make_unique<MqttWebSocketCodec>(flow);
}

}  // namespace

extern const CodecRow kMqttCodec{.protocol = rules::MqttMessage::protocol,
                                 .connection = on_connection,
                                 .websocket = in_websocket,
                                 .subprotocols = kSubprotocols,
                                 .requests = make_mqtt_watch};

}  // namespace brownout::messages
