#include "rules/protocols/kafka/kafka_parts.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace brownout::rules {
namespace {

constexpr std::array kKafkaIdentity{KafkaRole::kTopic, KafkaRole::kTopicId, KafkaRole::kPartition,
                                    KafkaRole::kGroup, KafkaRole::kTransactionalId};

// Returns the topic of a structure, or `outer` if it names none.
std::string kafka_topic_of(const KafkaValue& value, const SharedNames& topics,
                           const std::string& outer) {
  const auto* name = value.find(KafkaRole::kTopic);
  if (name != nullptr && !name->field->list && !name->text.empty()) return std::string(name->text);
  const auto* id = value.find(KafkaRole::kTopicId);
  return id != nullptr && !id->field->list ? topics.find(id->text) : outer;
}

bool names_kafka_topic(const KafkaField& field) {
  return field.has(KafkaRole::kTopic) || field.has(KafkaRole::kTopicId);
}

// Whether a structure of this kind lists partitions, at any depth.
bool lists_kafka_partitions(const KafkaField& field) {
  return std::any_of(field.fields.begin(), field.fields.end(), [](const KafkaField& inner) {
    return inner.list && (inner.role == KafkaRole::kPartition || inner.has(KafkaRole::kPartition) ||
                          lists_kafka_partitions(inner));
  });
}

void visit_kafka_parts(KafkaValue& value, const SharedNames& topics, const std::string& outer,
                       const KafkaPartVisitor& visit) {
  const auto topic = kafka_topic_of(value, topics, outer);
  const auto* partition = value.find(KafkaRole::kPartition);
  const bool is_part = partition != nullptr && !partition->field->list;
  if (is_part) {
    visit(value, topic, partition->number);
  } else if (names_kafka_topic(*value.field) && !lists_kafka_partitions(*value.field)) {
    visit(value, topic, -1);
  }
  for (auto& item : value.items) {
    if (item.absent || item.null || item.field->type != KafkaType::kStruct) continue;
    if (!item.field->list) {
      visit_kafka_parts(item, topics, topic, visit);
      continue;
    }
    for (auto& element : item.items) visit_kafka_parts(element, topics, topic, visit);
  }
}

class KafkaPartRemover {
 public:
  KafkaPartRemover(const SharedNames& topics, const KafkaPartPredicate& matches)
      : topics_(topics), matches_(matches) {}

  void remove(KafkaValue& value, const std::string& outer) {
    const auto topic = kafka_topic_of(value, topics_, outer);
    for (auto& item : value.items) {
      if (item.absent || item.null || !item.field->list) continue;
      std::erase_if(item.items, [&](KafkaValue& element) { return goes(element, topic); });
    }
  }

 private:
  bool goes(KafkaValue& element, const std::string& outer) {
    switch (element.field->role) {
      case KafkaRole::kTopic:
        return matches_(element.text, -1);
      case KafkaRole::kTopicId:
        return matches_(topics_.find(element.text), -1);
      case KafkaRole::kPartition:
        return matches_(outer, element.number);
      default:
        break;
    }
    if (element.field->type != KafkaType::kStruct) return false;
    const auto topic = kafka_topic_of(element, topics_, outer);
    if (const auto* partition = element.find(KafkaRole::kPartition);
        partition != nullptr && !partition->field->list) {
      return matches_(topic, partition->number);
    }
    if (!lists_kafka_partitions(*element.field)) {
      return names_kafka_topic(*element.field) && matches_(topic, -1);
    }
    remove(element, outer);
    return std::none_of(element.items.begin(), element.items.end(), [](const KafkaValue& item) {
      return item.field->list && !item.items.empty();
    });
  }

  const SharedNames& topics_;
  const KafkaPartPredicate& matches_;
};

class KafkaAddAnswer final : public KafkaEdit {
 public:
  explicit KafkaAddAnswer(std::vector<std::byte> answer) : answer_(std::move(answer)) {}

  void apply(KafkaTree& response, const KafkaMessage& request) const override {
    const auto& api = *request.api();
    const auto other = KafkaTree::read(api, api.response, response.version(), answer_);
    if (other) merge_kafka_response(response, *other);
  }

 private:
  std::vector<std::byte> answer_;
};

bool same_kafka_thing(const KafkaValue& left, const KafkaValue& right) {
  bool any = false;
  for (const auto role : kKafkaIdentity) {
    const auto* mine = left.find(role);
    const auto* other = right.find(role);
    if (mine == nullptr || other == nullptr || mine->field->list) continue;
    if (mine->text != other->text || mine->number != other->number) return false;
    any = true;
  }
  return any;
}

void merge_kafka_fields(KafkaValue& value, const KafkaValue& other) {
  for (std::size_t i = 0; i < value.items.size() && i < other.items.size(); ++i) {
    auto& list = value.items[i];
    const auto& more = other.items[i];
    if (list.absent || !list.field->list || more.null) continue;
    for (const auto& element : more.items) {
      const auto same =
          std::find_if(list.items.begin(), list.items.end(),
                       [&](const KafkaValue& mine) { return same_kafka_thing(mine, element); });
      if (same == list.items.end()) {
        list.items.push_back(element);
        list.null = false;
      } else {
        merge_kafka_fields(*same, element);
      }
    }
  }
}

}  // namespace

bool KafkaPartFilter::has(std::string_view topic, std::int64_t partition) const {
  if (!topics.empty() && !any_matches(topics, topic)) return false;
  return partitions.empty() ||
         std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
}

void for_each_kafka_part(KafkaTree& body, const SharedNames& topics,
                         const KafkaPartVisitor& visit) {
  visit_kafka_parts(body.root(), topics, {}, visit);
}

void remove_kafka_parts(KafkaTree& request, const SharedNames& topics,
                        const KafkaPartPredicate& matches) {
  KafkaPartRemover(topics, matches).remove(request.root(), {});
}

void merge_kafka_response(KafkaTree& response, const KafkaTree& other) {
  merge_kafka_fields(response.root(), other.root());
}

std::shared_ptr<const KafkaEdit> kafka_edit_adding(const KafkaTree& answer) {
  return std::make_shared<const KafkaAddAnswer>(answer.write());
}

}  // namespace brownout::rules
