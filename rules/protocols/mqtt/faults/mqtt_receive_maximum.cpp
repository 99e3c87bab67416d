// mqtt_receive_maximum: lowers the number of unacknowledged messages that CONNECT or CONNACK allows
// (Receive Maximum). A packet without this property allows 65,535.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/protocols/mqtt/mqtt_message.h"

namespace brownout::rules {
namespace {

constexpr std::uint32_t kUnlimited = 65'535;  // Receive Maximum of a packet without this property

struct ReceiveMaximumSettings {
  std::int64_t value = 1;
};

class ReceiveMaximumStage final : public Stage {
 public:
  explicit ReceiveMaximumStage(const ReceiveMaximumSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    auto other = throttled(chunk);
    if (!other) return out.emit(std::move(chunk), now);
    out.note({.action = "throttle", .ordinal = count_++}, now);
    out.emit(std::move(*other), now);
  }

 private:
  // Returns the packet with a lower limit. No value if its own limit is already as low, or if
  // packets of its type or MQTT version have no limit.
  std::optional<Chunk> throttled(const Chunk& chunk) const {
    const auto* message = view_as<MqttMessage>(chunk.message());
    if (message == nullptr || !message->client) return std::nullopt;
    const auto& packet = message->packet;
    const bool tells = packet.type == MqttType::kConnect ||
                       (packet.type == MqttType::kConnack && packet.reason == 0);
    if (!tells || message->client->level != kMqtt5) return std::nullopt;
    auto other = packet;
    const auto found = std::find_if(
        other.properties.begin(), other.properties.end(),
        [](const auto& property) { return property.id == MqttPropertyId::kReceiveMaximum; });
    const auto told = found != other.properties.end() ? found->number : kUnlimited;
    const auto wanted = static_cast<std::uint32_t>(settings_.value);
    if (told <= wanted) return std::nullopt;
    if (found != other.properties.end()) {
      found->number = wanted;
    } else {
      other.properties.push_back({.id = MqttPropertyId::kReceiveMaximum, .number = wanted});
    }
    return mqtt_chunk(std::move(other), *message);
  }

  ReceiveMaximumSettings settings_;
  std::uint64_t count_ = 0;
};

class ReceiveMaximum final : public Fault {
 public:
  using Settings = ReceiveMaximumSettings;
  explicit ReceiveMaximum(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("value", &Settings::value,
              "highest number of unacknowledged QoS 1 and QoS 2 messages; a packet that already "
              "has a lower number is unchanged",
              {.least = 1, .most = 65'535}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<ReceiveMaximumStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kMqttReceiveMaximum = describe<ReceiveMaximum>(
    {.name = "mqtt_receive_maximum",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .at_opening = true,
     .protocols = [] { return ProtocolSet::of(MqttMessage::protocol()); },
     .summary = "The Receive Maximum in the CONNACK of MQTT 5.0 is lowered. The client may then "
                "send only few QoS 1 and QoS 2 messages before it gets an acknowledgement. The "
                "same change in a CONNECT limits the server.",
     .correct_client = "waits for acknowledgements before it sends more, and limits the queue of "
                       "messages that wait",
     .unit = "CONNECT (upstream), CONNACK (downstream), or both (`direction`)",
     .composition = "the smallest `value` decides",
     .source = "MQTT 5.0, 3.1.2.11.3, 3.2.2.3.3 and 4.9"});

}  // namespace brownout::rules
