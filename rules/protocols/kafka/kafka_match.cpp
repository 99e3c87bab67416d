#include "rules/protocols/kafka/kafka_match.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "rules/base/list_text.h"
#include "rules/protocols/kafka/kafka_schema.h"

namespace brownout::rules {
namespace {

// A key of `match`, and the fields that have its value: one of both roles.
struct KafkaKeyRoles {
  std::string_view key;
  KafkaRole role;
  KafkaRole other;
};
constexpr std::array kKafkaKeyRoles{
    KafkaKeyRoles{"topic", KafkaRole::kTopic, KafkaRole::kTopicId},
    KafkaKeyRoles{"partition", KafkaRole::kPartition, KafkaRole::kPartition},
    KafkaKeyRoles{"group", KafkaRole::kGroup, KafkaRole::kKey},
    KafkaKeyRoles{"transactional_id", KafkaRole::kTransactionalId, KafkaRole::kKey},
    KafkaKeyRoles{"acks", KafkaRole::kAcks, KafkaRole::kAcks},
    KafkaKeyRoles{"error", KafkaRole::kError, KafkaRole::kError}};

bool has_kafka_key(const KafkaField& body, const KafkaKeyRoles& key) {
  return std::any_of(body.fields.begin(), body.fields.end(), [&](const KafkaField& field) {
    return field.role == key.role || field.role == key.other || has_kafka_key(field, key);
  });
}

// Returns the APIs that `match` names; those that do not exist are reported elsewhere.
std::vector<const KafkaApi*> named_kafka_apis(const Node& match) {
  std::vector<const KafkaApi*> apis;
  const auto add = [&](const Node& name) {
    const auto* api = name.string() != nullptr ? kafka_api(*name.string()) : nullptr;
    if (api != nullptr) apis.push_back(api);
  };
  const auto* names = match.find("api");
  if (names == nullptr) return apis;
  if (names->array() == nullptr) add(*names);
  if (names->array() != nullptr) std::for_each(names->array()->begin(), names->array()->end(), add);
  return apis;
}

}  // namespace

std::optional<MessageProtocol::Contradiction> kafka_contradiction(const Node& match) {
  const auto apis = named_kafka_apis(match);
  if (apis.empty()) return std::nullopt;
  for (const auto& key : kKafkaKeyRoles) {
    const bool possible = std::any_of(apis.begin(), apis.end(), [&](const KafkaApi* api) {
      return has_kafka_key(api->request, key) || has_kafka_key(api->response, key);
    });
    if (possible || match.find(key.key) == nullptr) continue;
    std::vector<std::string_view> names;
    for (const auto* api : apis) names.push_back(api->name);
    const std::string what(key.key);
    return MessageProtocol::Contradiction{
        what, "no request or response of " + and_text(names) + " has a value for " + what,
        "leave " + what + " out, or name another API"};
  }
  return std::nullopt;
}

}  // namespace brownout::rules
