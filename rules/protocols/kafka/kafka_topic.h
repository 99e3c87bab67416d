// KafkaTopicPattern selects topics by name. A pattern that no name of a topic can match is refused
// when the rule file is read.
//
// Source of what names can be: org.apache.kafka.common.internals.Topic. Plain values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/text_pattern.h"

namespace brownout::rules {

struct KafkaTopicPattern {
  TextPattern pattern;
};

// Whether any of the patterns matches; false for an empty list.
bool any_matches(const std::vector<KafkaTopicPattern>& patterns, std::string_view topic);

// The hint for an error about the name of a topic.
inline constexpr std::string_view kKafkaTopicHint =
    "names have letters, digits, \".\", \"_\" and \"-\", and at most 249 of them";

// Returns why no topic has this name, which may have the * and ? of a glob; "" if a topic can.
std::string why_no_kafka_topic(std::string_view name);

template <>
struct ValueKind<KafkaTopicPattern> {
  static std::string name() { return ValueKind<TextPattern>::name(); }
  static Result<KafkaTopicPattern> read(const Node& node);
  static std::string print(const KafkaTopicPattern& value) {
    return ValueKind<TextPattern>::print(value.pattern);
  }
};

}  // namespace brownout::rules
