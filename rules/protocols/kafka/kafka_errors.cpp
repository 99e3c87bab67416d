#include "rules/protocols/kafka/kafka_errors.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "rules/base/find_named.h"
#include "rules/protocols/kafka/kafka_data.h"

namespace brownout::rules {
namespace {

const std::vector<KafkaError>& kafka_errors() {
  static const auto all = [] {
    std::vector<KafkaError> errors;
    auto text = kKafkaErrorText;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const auto blank = line.find(' ');
      if (line.starts_with('#') || blank == std::string_view::npos) continue;
      KafkaError error;
      std::from_chars(line.data(), line.data() + blank, error.code);
      const auto rest = line.substr(blank + 1);
      error.name = rest.substr(0, rest.find(' '));
      error.retriable = rest.ends_with(" retriable");
      errors.push_back(std::move(error));
    }
    return errors;
  }();
  return all;
}

}  // namespace

const KafkaError* kafka_error(std::int16_t code) {
  const auto& all = kafka_errors();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const KafkaError& error) { return error.code == code; });
  return found != all.end() ? &*found : nullptr;
}

const KafkaError* kafka_error(std::string_view name) { return find_named(kafka_errors(), name); }

std::string kafka_error_text(std::int16_t code) {
  const auto* error = kafka_error(code);
  return error != nullptr ? error->name : std::to_string(code);
}

Result<KafkaErrorName> ValueKind<KafkaErrorName>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "the name of an error");
  if (const auto* error = kafka_error(*text); error != nullptr && error->code != 0) {
    return KafkaErrorName{error};
  }
  std::vector<std::string_view> names;
  for (const auto& error : kafka_errors()) {
    if (error.code != 0) names.push_back(error.name);
  }
  const auto similar = nearest(*text, names);
  return config_error(in_quotes(*text) + " is not an error of Kafka",
                      similar.empty() ? "e.g. \"NOT_LEADER_OR_FOLLOWER\""
                                      : "did you mean " + in_quotes(similar) + "?");
}

}  // namespace brownout::rules
