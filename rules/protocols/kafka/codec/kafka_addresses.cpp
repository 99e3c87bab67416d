#include "rules/protocols/kafka/codec/kafka_addresses.h"

#include <algorithm>

namespace brownout::codecs {
namespace {

using rules::KafkaRole;
using rules::KafkaValue;

bool has_kafka_host(const rules::KafkaField& field) {
  return field.role == KafkaRole::kHost ||
         std::any_of(field.fields.begin(), field.fields.end(), has_kafka_host);
}

bool rewrite_kafka_value(const rules::AddressMap& map, rules::KafkaTree& tree, KafkaValue& value) {
  bool any = false;
  auto* host = value.find(KafkaRole::kHost);
  auto* port = value.find(KafkaRole::kPort);
  if (host != nullptr && port != nullptr && port->number > 0 && port->number <= UINT16_MAX) {
    const auto other = map.announce(host->text, static_cast<std::uint16_t>(port->number));
    if (other) {
      host->text = tree.keep(other->host);
      port->number = other->port;
      any = true;
    }
  }
  for (auto& item : value.items) {
    if (!item.absent && has_kafka_host(*item.field)) any |= rewrite_kafka_value(map, tree, item);
  }
  return any;
}

}  // namespace

bool names_kafka_brokers(const rules::KafkaApi& api) { return has_kafka_host(api.response); }

bool rewrite_kafka_addresses(const rules::AddressMap& map, rules::KafkaTree& response) {
  return rewrite_kafka_value(map, response, response.root());
}

}  // namespace brownout::codecs
