// mqtt_disconnect: ends a connection, in MQTT 5.0 with a DISCONNECT to the client. MQTT 3.1.1 has
// no DISCONNECT from a server, so there the connection only closes. The server gets no DISCONNECT,
// so it publishes the client's will.
#include "rules/engine/fault.h"
#include "rules/protocols/mqtt/mqtt_message.h"

namespace brownout::rules {
namespace {

struct MqttDisconnectSettings {
  MqttReason reason{0x89};  // reason code 0x89 is "server busy"
  std::string server_reference;
};

class MqttDisconnectStage final : public Stage {
 public:
  MqttDisconnectStage(const MqttDisconnectSettings& settings, Direction direction)
      : settings_(settings), direction_(direction) {}

  // Drops the packet and closes the connection. An MQTT 5.0 client first gets a DISCONNECT. CONNECT
  // and CONNACK pass.
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* message = view_as<MqttMessage>(chunk.message());
    // A server must not send a DISCONNECT before its CONNACK (MQTT 5.0, section 3.14).
    const auto type = message != nullptr ? message->packet.type : MqttType::kDisconnect;
    if (type == MqttType::kConnect || type == MqttType::kConnack) {
      return out.emit(std::move(chunk), now);
    }
    out.note({.action = "disconnect"}, now);
    const bool v5 = message != nullptr && message->client && message->client->level == kMqtt5;
    if (v5) {
      const auto goodbye = disconnect(*message);
      direction_ == Direction::kUpstream ? out.reply(goodbye, now) : out.emit(goodbye, now);
    }
    out.close(Close::kFin, now);
  }

 private:
  Chunk disconnect(const MqttMessage& message) const {
    MqttPacket packet{.type = MqttType::kDisconnect, .reason = settings_.reason.code};
    if (!settings_.server_reference.empty()) {
      packet.properties.push_back(
          {.id = MqttPropertyId::kServerReference, .text = settings_.server_reference});
    }
    return mqtt_chunk(std::move(packet), message);
  }

  MqttDisconnectSettings settings_;
  Direction direction_;
};

class MqttDisconnect final : public Fault {
 public:
  using Settings = MqttDisconnectSettings;
  explicit MqttDisconnect(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("reason", &Settings::reason,
              "reason code of the DISCONNECT, e.g. 137 (server busy), 139 (server shutting down), "
              "156 (use another server) or 157 (server moved)"),
        field("server_reference", &Settings::server_reference,
              "server to use instead, e.g. \"standby.example.org:1883\" (Server Reference); only "
              "with reason 156 or 157"),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const auto code = settings.reason.code;
    if (!is_of_servers(code)) {
      problems.add(
          position_of(table, "reason"),
          "reason " + std::to_string(code) +
              " is not a reason code that a server's DISCONNECT may have",
          "0, 128 to 131, 135, 137, 139 to 144 or 147 to 162 (MQTT 5.0, 2.4 and 3.14.2.1), "
          "e.g. 137 (server busy)");
    }
    if (!settings.server_reference.empty() && code != 0x9c && code != 0x9d) {
      problems.add(position_of(table, "server_reference"),
                   "server_reference needs reason 156 or 157",
                   "write reason = 156 (use another server), or 157 (server moved)");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<MqttDisconnectStage>(settings_, context.direction);
  }

 private:
  static bool is_of_servers(std::uint8_t code) {
    return code == 0 || (code >= 0x80 && code <= 0x83) || code == 0x87 || code == 0x89 ||
           (code >= 0x8b && code <= 0x90) || (code >= 0x93 && code <= 0xa2);
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kMqttDisconnect = describe<MqttDisconnect>(
    {.name = "mqtt_disconnect",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(MqttMessage::protocol()); },
     .summary = "At the next packet after CONNACK, the connection closes as if the server ended "
                "it, and the server publishes the will of the client. In MQTT 5.0 the client first "
                "gets a DISCONNECT, with a reason and optionally the name of another server.",
     .correct_client =
         "reconnects after a random delay, to the server in the DISCONNECT if it names one",
     .unit = "connection",
     .composition = "the first rule that ends the connection decides",
     .source = "MQTT 5.0, 3.1.2.5 (will), 3.14 and 4.11 (server redirection)"});

}  // namespace brownout::rules
