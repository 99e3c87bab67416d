#include "rules/protocols/kafka/kafka_refusal.h"

#include <algorithm>
#include <array>
#include <string>

namespace brownout::rules {
namespace {

// APIs whose error beside the partitions means something else, such as a broken fetch session.
constexpr std::array kOnlyInParts{kKafkaFetchKey, kKafkaMetadataKey, kKafkaShareFetchKey,
                                  kKafkaShareAcknowledgeKey};

bool identifies(const KafkaField& field) {
  switch (field.role) {
    case KafkaRole::kTopic:
    case KafkaRole::kTopicId:
    case KafkaRole::kPartition:
    case KafkaRole::kGroup:
    case KafkaRole::kTransactionalId:
    case KafkaRole::kKey:
      return true;
    default:
      return false;
  }
}

class KafkaRefusal {
 public:
  KafkaRefusal(const KafkaError& error, KafkaTree& response) : error_(error), response_(response) {}

  // Fills a struct of the response after the struct of the request with the same meaning.
  void fill(KafkaValue& response, const KafkaValue& request) {
    for (auto& item : response.items) {
      if (item.absent || item.null) continue;
      if (item.is(KafkaRole::kError)) {
        item.number = error_.code;
        ++placed_;
      } else if (item.field->list && item.field->type == KafkaType::kStruct) {
        mirror(item, request);
      }
    }
  }
  // Returns the number of places that have the error.
  std::size_t placed() const { return placed_; }

 private:
  // Adds an element to a list of the response for each element of a list of the request that
  // identifies the same things.
  void mirror(KafkaValue& list, const KafkaValue& request) {
    for (const auto& asked : request.items) {
      if (asked.absent || !asked.field->list) continue;
      for (const auto& element : asked.items) {
        auto item = response_.blank_item(*list.field);
        if (!copy_identity(element, item)) break;
        fill(item, element);
        list.items.push_back(std::move(item));
      }
    }
  }

  // Copies topic, partition and so on. Returns whether there is anything to copy.
  bool copy_identity(const KafkaValue& from, KafkaValue& to) {
    if (from.field->type != KafkaType::kStruct) return copy_value(from, to);
    bool any = false;
    for (const auto& item : from.items) {
      if (!item.absent && !item.field->list) any |= copy_value(item, to);
    }
    return any;
  }
  bool copy_value(const KafkaValue& from, KafkaValue& to) {
    if (!identifies(*from.field)) return false;
    auto* place = to.find(from.field->role);
    if (place == nullptr || place->field->list) return false;
    place->number = from.number;
    place->text = response_.keep(std::string(from.text));
    place->null = from.null && place->field->nullable;
    return true;
  }

  const KafkaError& error_;
  KafkaTree& response_;
  std::size_t placed_ = 0;
};

}  // namespace

std::optional<KafkaTree> kafka_refusal(const KafkaMessage& request, const KafkaTree& body,
                                       const KafkaError& error) {
  const auto& api = *request.api();
  // A client that asks for ApiVersions in an unknown version gets version 0 (KIP-511).
  const bool downgrades =
      request.key == kKafkaApiVersionsKey && error.name == "UNSUPPORTED_VERSION";
  const auto version = downgrades ? std::int16_t{0} : request.version;
  auto response = KafkaTree::blank(api, api.response, version);
  KafkaRefusal refusal(error, response);
  refusal.fill(response.root(), body.root());
  if (refusal.placed() == 0) return std::nullopt;
  const bool in_parts =
      std::find(kOnlyInParts.begin(), kOnlyInParts.end(), request.key) != kOnlyInParts.end();
  auto* whole = response.root().find(KafkaRole::kError);
  if (in_parts && whole != nullptr && refusal.placed() > 1) whole->number = 0;
  return response;
}

}  // namespace brownout::rules
