#include "rules/protocols/kafka/kafka_schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "rules/base/find_named.h"
#include "rules/protocols/kafka/kafka_data.h"

namespace brownout::rules {
namespace {

template <class Value>
struct KafkaWord {
  std::string_view name;
  Value value;
};
constexpr auto kKafkaTypes = std::to_array<KafkaWord<KafkaType>>({
    {"bool", KafkaType::kBool},
    {"int8", KafkaType::kInt8},
    {"int16", KafkaType::kInt16},
    {"uint16", KafkaType::kUint16},
    {"int32", KafkaType::kInt32},
    {"int64", KafkaType::kInt64},
    {"float64", KafkaType::kFloat64},
    {"string", KafkaType::kString},
    {"bytes", KafkaType::kBytes},
    {"uuid", KafkaType::kUuid},
    {"records", KafkaType::kRecords},
    {"", KafkaType::kStruct},
    {"{}", KafkaType::kStruct},
});
constexpr auto kKafkaRoles = std::to_array<KafkaWord<KafkaRole>>({
    {"topic", KafkaRole::kTopic},
    {"topic_id", KafkaRole::kTopicId},
    {"partition", KafkaRole::kPartition},
    {"group", KafkaRole::kGroup},
    {"transactional_id", KafkaRole::kTransactionalId},
    {"key", KafkaRole::kKey},
    {"acks", KafkaRole::kAcks},
    {"error", KafkaRole::kError},
    {"error_message", KafkaRole::kErrorMessage},
    {"throttle", KafkaRole::kThrottle},
    {"host", KafkaRole::kHost},
    {"port", KafkaRole::kPort},
    {"records", KafkaRole::kRecords},
});

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

template <class Number>
Number number_in(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Reads "3", "3-7" or "3+".
KafkaVersions versions_in(std::string_view text) {
  const auto first = number_in<std::int16_t>(text);
  if (text.ends_with('+')) return {.first = first};
  const auto dash = text.find('-');
  const auto last =
      dash == std::string_view::npos ? first : number_in<std::int16_t>(text.substr(dash + 1));
  return {first, last};
}

// Reads a type with its marks: "[]string", "bytes?", "{}?3+".
void read_type(std::string_view word, KafkaField& field) {
  const auto mark = word.find('?');
  if (mark != std::string_view::npos) {
    const auto versions = word.substr(mark + 1);
    field.nullable = versions.empty() ? KafkaVersions{} : versions_in(versions);
    word = word.substr(0, mark);
  }
  field.list = word.starts_with("[]");
  if (field.list) word.remove_prefix(2);
  field.type = find_named(kKafkaTypes, word)->value;
}

KafkaField read_field(std::string_view line) {
  KafkaField field;
  field.name = take_word(line);
  read_type(take_word(line), field);
  for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
    if (word == "tag") {
      field.tag = number_in<std::uint32_t>(take_word(line));
    } else if (word == "=") {
      field.fallback = take_word(line);
    } else if (word.starts_with('@')) {
      field.role = find_named(kKafkaRoles, word.substr(1))->value;
    } else {
      field.versions = versions_in(word);
    }
  }
  return field;
}

KafkaApi read_api(std::string_view line) {
  KafkaApi api;
  take_word(line);  // "api"
  api.key = number_in<std::int16_t>(take_word(line));
  api.name = take_word(line);
  for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
    if (word == "flexible") {
      api.flexible = number_in<std::int16_t>(take_word(line));
    } else if (word == "refusal") {
      api.refusal = kafka_error(take_word(line));
    } else {
      api.versions = versions_in(word);
    }
  }
  return api;
}

// Returns the struct to which a line with this indent belongs: the last one at each level.
std::vector<KafkaField>& fields_at(KafkaField& body, std::size_t indent) {
  constexpr std::size_t kOuter = 4;  // indent of the fields of a request or response
  auto* fields = &body.fields;
  for (auto level = kOuter; level < indent; level += 2) fields = &fields->back().fields;
  return *fields;
}

std::vector<KafkaApi> read_apis() {
  std::vector<KafkaApi> apis;
  KafkaField* body = nullptr;
  auto text = kKafkaApiText;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos || line.starts_with('#')) continue;
    if (indent == 0) {
      apis.push_back(read_api(line));
    } else if (indent == 2) {
      body = line.ends_with("request") ? &apis.back().request : &apis.back().response;
    } else {
      fields_at(*body, indent).push_back(read_field(line));
    }
  }
  return apis;
}

}  // namespace

std::size_t fixed_kafka_size(KafkaType type) {
  switch (type) {
    case KafkaType::kBool:
    case KafkaType::kInt8:
      return 1;
    case KafkaType::kInt16:
    case KafkaType::kUint16:
      return 2;
    case KafkaType::kInt32:
      return 4;
    case KafkaType::kInt64:
    case KafkaType::kFloat64:
      return 8;
    case KafkaType::kUuid:
      return 16;
    default:
      return 0;
  }
}

bool KafkaField::has(KafkaRole wanted) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const KafkaField& field) { return field.role == wanted; });
}

const std::vector<KafkaApi>& kafka_apis() {
  static const auto apis = read_apis();
  return apis;
}

const KafkaApi* kafka_api(std::int16_t key) {
  const auto& apis = kafka_apis();
  const auto at = static_cast<std::size_t>(key);
  return key >= 0 && at < apis.size() ? &apis[at] : nullptr;
}

const KafkaApi* kafka_api(std::string_view name) { return find_named(kafka_apis(), name); }

Result<KafkaApiName> ValueKind<KafkaApiName>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "the name of an API");
  if (const auto* api = kafka_api(*text)) return KafkaApiName{api};
  std::vector<std::string_view> names;
  for (const auto& api : kafka_apis()) names.push_back(api.name);
  const auto similar = nearest(*text, names);
  return config_error(in_quotes(*text) + " is not an API of Kafka",
                      similar.empty() ? "e.g. \"Produce\", \"Fetch\" or \"Metadata\""
                                      : "did you mean " + in_quotes(similar) + "?");
}

}  // namespace brownout::rules
