#include "rules/engine/fault.h"
#include "rules/protocols/mqtt/mqtt_message.h"

namespace brownout::rules {
namespace {

struct SessionPresentSettings {
  bool value = false;
};

class SessionPresentStage final : public Stage {
 public:
  explicit SessionPresentStage(const SessionPresentSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* message = view_as<MqttMessage>(chunk.message());
    const auto* packet = packet_of(chunk);
    // The flag does not exist in MQTT 3.1 and is always 0 in a CONNACK that refuses, so these
    // CONNACKs pass unchanged.
    const bool v31 = packet != nullptr && message->client && message->client->level == kMqtt31;
    if (packet == nullptr || v31 || packet->type != MqttType::kConnack || packet->reason != 0 ||
        packet->session_present == settings_.value) {
      return out.emit(std::move(chunk), now);
    }
    out.note({.action = "change Session Present", .ordinal = count_++}, now);
    auto other = *packet;
    other.session_present = settings_.value;
    out.emit(mqtt_chunk(std::move(other), *message), now);
  }

 private:
  SessionPresentSettings settings_;
  std::uint64_t count_ = 0;
};

class SessionPresent final : public Fault {
 public:
  using Settings = SessionPresentSettings;
  explicit SessionPresent(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field(
            "value", &Settings::value,
            "value of the flag Session Present; true means that the server still has the session"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<SessionPresentStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kMqttSessionPresent = describe<SessionPresent>(
    {.name = "mqtt_session_present",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .at_opening = true,
     .protocols = [] { return ProtocolSet::of(MqttMessage::protocol()); },
     .summary = "The flag Session Present in the CONNACK is wrong: it reports a session that the "
                "server does not have, or hides a session that it has. MQTT 3.1 has no such flag.",
     .correct_client = "subscribes again and discards its session state if no session is reported, "
                       "and in MQTT 5.0 closes the connection if an unknown session is reported",
     .unit = "CONNACK that accepts the connection",
     .composition = "the client gets the `value` of the last rule",
     .source = "MQTT 5.0, 3.2.2.1.1; MQTT 3.1.1, 3.2.2.2"});

}  // namespace brownout::rules
