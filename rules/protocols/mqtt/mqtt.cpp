#include "rules/protocols/mqtt/mqtt.h"

#include <algorithm>

namespace brownout::rules {
namespace {

// Removes the first level of a topic or filter and returns it. Sets `last` if no level is left.
std::string_view take_level(std::string_view& rest, bool& last) {
  const auto slash = rest.find('/');
  last = slash == std::string_view::npos;
  const auto level = rest.substr(0, slash);
  rest = last ? std::string_view{} : rest.substr(slash + 1);
  return level;
}

}  // namespace

const MqttProperty* find_property(const MqttProperties& properties, MqttPropertyId id) {
  const auto found = std::find_if(properties.begin(), properties.end(),
                                  [&](const auto& property) { return property.id == id; });
  return found == properties.end() ? nullptr : &*found;
}

bool topic_matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  bool filter_over = false;
  bool topic_over = false;
  while (!filter_over) {
    const auto wanted = take_level(filter, filter_over);
    // The filter "a/#" also matches the topic "a" (MQTT 5.0, section 4.7.1.2).
    if (wanted == "#") return true;
    if (topic_over) return false;
    const auto level = take_level(topic, topic_over);
    if (wanted != "+" && wanted != level) return false;
    if (topic_over && !filter_over) return filter == "#";
  }
  return topic_over;
}

Result<TopicFilter> ValueKind<TopicFilter>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a topic filter");
  const auto bad = [&](std::string_view why) {
    return config_error(in_quotes(*text) + " is not a topic filter: " + std::string(why),
                        R"(e.g. "chat/+/typing" or "chat/#")");
  };
  if (text->empty()) return bad("it is empty");
  std::string_view rest = *text;
  for (bool last = false; !last;) {
    const auto level = take_level(rest, last);
    const bool wild = level.find_first_of("+#") != std::string_view::npos;
    if (wild && level.size() > 1) return bad("+ and # must stand for whole levels");
    if (level == "#" && !last) return bad("# must be the last level");
  }
  return TopicFilter{*text};
}

Result<MqttQos> ValueKind<MqttQos>::read(const Node& node) {
  auto level = ValueKind<std::int64_t>::read(node);
  if (!level) return tl::unexpected(std::move(level.error()));
  if (*level < 0 || *level > 2) return config_error("a QoS is 0, 1 or 2", "e.g. qos = [1, 2]");
  return MqttQos{static_cast<std::uint8_t>(*level)};
}

Result<MqttReason> ValueKind<MqttReason>::read(const Node& node) {
  auto code = ValueKind<std::int64_t>::read(node);
  if (!code) return tl::unexpected(std::move(code.error()));
  if (*code < 0 || *code > 255) {
    return config_error("a reason code is 0 to 255", "e.g. 137 (0x89), \"server busy\"");
  }
  return MqttReason{static_cast<std::uint8_t>(*code)};
}

std::optional<MqttPacket> refusal_of(const MqttPacket& packet, std::uint8_t level,
                                     const std::optional<MqttReason>& reason) {
  constexpr std::uint8_t kUnspecified = 0x80;
  constexpr std::uint8_t kUnavailable = 0x88;
  // Return code "server unavailable" of MQTT 3.1.1, table 3.1.
  constexpr std::uint8_t kUnavailable311 = 3;
  const bool v5 = level == kMqtt5;
  // In MQTT 5.0, codes below 0x80 mean success (section 2.4). A return code of MQTT 3.1.1 would
  // report a success there, so it is replaced.
  const bool refuses = reason && (!v5 || reason->code >= kUnspecified);
  const auto code = refuses ? reason->code : kUnspecified;
  MqttPacket answer{.id = packet.id, .reason = code};
  switch (packet.type) {
    case MqttType::kConnect:
      answer.type = MqttType::kConnack;
      answer.reason = refuses ? code : kUnavailable;
      if (!v5 && (!refuses || code == 0 || code > 5)) answer.reason = kUnavailable311;
      return answer;
    case MqttType::kSubscribe:
      answer.type = MqttType::kSuback;
      answer.reasons.assign(packet.filters.size(), v5 ? code : kUnspecified);
      return level == kMqtt31 ? std::nullopt : std::optional(answer);
    case MqttType::kUnsubscribe:
      answer.type = MqttType::kUnsuback;
      answer.reasons.assign(packet.filters.size(), code);
      return v5 ? std::optional(answer) : std::nullopt;
    case MqttType::kPublish:
      answer.type = packet.qos == 1 ? MqttType::kPuback : MqttType::kPubrec;
      return v5 && packet.qos > 0 ? std::optional(answer) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace brownout::rules
