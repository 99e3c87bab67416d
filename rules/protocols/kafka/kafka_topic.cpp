#include "rules/protocols/kafka/kafka_topic.h"

#include <algorithm>

namespace brownout::rules {
namespace {

constexpr std::size_t kLongestTopic = 249;  // bytes

bool is_of_topic(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '*' || c == '?';
}

}  // namespace

bool any_matches(const std::vector<KafkaTopicPattern>& patterns, std::string_view topic) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const KafkaTopicPattern& wanted) {
    return wanted.pattern.matches(topic);
  });
}

std::string why_no_kafka_topic(std::string_view name) {
  const auto stars = std::count(name.begin(), name.end(), '*');
  const auto least = name.size() - static_cast<std::size_t>(stars);
  if (least > kLongestTopic) {
    return "no topic of Kafka has a name of " + std::to_string(least) + " bytes";
  }
  const bool possible = std::all_of(name.begin(), name.end(), is_of_topic);
  if (possible && name != "." && name != "..") return {};
  return "no topic of Kafka has the name " + in_quotes(name);
}

Result<KafkaTopicPattern> ValueKind<KafkaTopicPattern>::read(const Node& node) {
  auto pattern = ValueKind<TextPattern>::read(node);
  if (!pattern) return tl::unexpected(pattern.error());
  const auto& text = pattern->text();
  const auto why = text.starts_with('~') ? std::string() : why_no_kafka_topic(text);
  if (!why.empty()) return config_error(why, std::string(kKafkaTopicHint));
  return KafkaTopicPattern{std::move(*pattern)};
}

}  // namespace brownout::rules
