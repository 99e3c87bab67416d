#include "rules/protocols/kafka/codec/kafka_addresses.h"

#include <algorithm>
#include <string>

#include "rules/protocols/kafka/kafka_wire.h"

namespace brownout::codecs {
namespace {

using rules::KafkaRole;
using rules::KafkaValue;

bool has_kafka_host(const rules::KafkaField& field, std::int16_t version) {
  if (!field.versions.has(version)) return false;
  return field.role == KafkaRole::kHost ||
         std::any_of(field.fields.begin(), field.fields.end(), [&](const rules::KafkaField& inner) {
           return has_kafka_host(inner, version);
         });
}

// Brokers have a broker_id in DescribeCluster, and a node_id in all other responses.
std::optional<std::int64_t> kafka_node_of(const KafkaValue& broker) {
  const auto* id = broker.find("node_id");
  if (id == nullptr) id = broker.find("broker_id");
  return id != nullptr && id->number >= 0 ? std::optional(id->number) : std::nullopt;
}

void rewrite_kafka_value(const rules::AddressMap& map, rules::KafkaTree& tree, KafkaValue& value,
                         KafkaRewriting& done) {
  auto* host = value.find(KafkaRole::kHost);
  auto* port = value.find(KafkaRole::kPort);
  if (host != nullptr && port != nullptr && port->number > 0 && port->number <= UINT16_MAX) {
    rules::AnnouncedServer broker{
        {std::string(host->text), static_cast<std::uint16_t>(port->number), ""},
        kafka_node_of(value)};
    if (const auto other = map.announce(broker)) {
      host->text = tree.keep(other->host);
      port->number = other->port;
      done.any = true;
    } else if (map.followed().any()) {
      done.left_out.push_back(std::move(broker));
    }
  }
  for (auto& item : value.items) {
    if (!item.absent && has_kafka_host(*item.field, tree.version())) {
      rewrite_kafka_value(map, tree, item, done);
    }
  }
}

constexpr std::uint32_t kUnknownTag = 127;  // the highest tag of one byte
constexpr std::size_t kMostPadding = 127;   // size of a tagged field whose size takes one byte

// Returns a struct with the tagged fields of a response only.
rules::KafkaField kafka_tail_schema(const rules::KafkaApi& api) {
  auto schema = api.response;
  std::erase_if(schema.fields, [](const rules::KafkaField& field) { return !field.tag; });
  return schema;
}

// Makes the tagged fields that name brokers unknown ones of the same size.
Bytes without_kafka_brokers(const rules::KafkaField& schema, std::int16_t version, ByteView tail) {
  Bytes bytes(tail.begin(), tail.end());
  rules::KafkaBytesReader from(tail);
  const auto count = from.varint();
  for (std::uint32_t i = 0; i < count && from.ok(); ++i) {
    const auto at = tail.size() - from.left();
    const auto tag = from.varint();
    const bool names = std::any_of(
        schema.fields.begin(), schema.fields.end(),
        [&](const auto& field) { return field.tag == tag && has_kafka_host(field, version); });
    if (names && tag < kUnknownTag) bytes[at] = static_cast<std::byte>(kUnknownTag);
    from.take(from.varint());
  }
  return bytes;
}

// Makes the fields `missing` bytes longer: by another unknown field, or by a number of fields that
// is not in its shortest form.
Bytes padded_kafka_tail(rules::KafkaTree& tree, std::size_t missing) {
  if (missing >= 2) {
    tree.root().unknown.push_back({kUnknownTag, tree.keep(std::string(missing - 2, '\0'))});
    return tree.write();
  }
  auto bytes = tree.write();
  if (missing == 1) {
    bytes.front() |= std::byte{128};
    bytes.insert(bytes.begin() + 1, std::byte{0});
  }
  return bytes;
}

}  // namespace

KafkaBrokerPlace kafka_broker_place(const rules::KafkaApi& api, std::int16_t version) {
  auto place = KafkaBrokerPlace::kNowhere;
  for (const auto& field : api.response.fields) {
    if (!has_kafka_host(field, version)) continue;
    if (!field.tag) return KafkaBrokerPlace::kAnywhere;
    place = KafkaBrokerPlace::kAtEnd;
  }
  return place;
}

Bytes rewrite_kafka_tail(const rules::AddressMap& map, const rules::KafkaApi& api,
                         std::int16_t version, ByteView tail) {
  // Most responses have no tagged fields: their number is the only byte.
  if (tail.size() <= 1) return {tail.begin(), tail.end()};
  const auto schema = kafka_tail_schema(api);
  auto tree = rules::KafkaTree::read(api, schema, version, tail);
  if (!tree || !rewrite_kafka_addresses(map, *tree).any) return {tail.begin(), tail.end()};
  const auto size = tree->write().size();
  const bool fits = size <= tail.size() && tail.size() - size <= kMostPadding;
  auto bytes = fits ? padded_kafka_tail(*tree, tail.size() - size) : Bytes();
  return bytes.size() == tail.size() ? bytes : without_kafka_brokers(schema, version, tail);
}

KafkaRewriting rewrite_kafka_addresses(const rules::AddressMap& map, rules::KafkaTree& response) {
  KafkaRewriting done;
  rewrite_kafka_value(map, response, response.root(), done);
  return done;
}

}  // namespace brownout::codecs
