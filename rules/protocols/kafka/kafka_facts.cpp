#include <algorithm>
#include <utility>

#include "rules/protocols/kafka/kafka_message.h"

namespace brownout::rules {
namespace {

// Collects the facts of one body.
class KafkaFacts {
 public:
  explicit KafkaFacts(KafkaMessage& into) : into_(into) {}

  // Visits a struct inside a topic; `topic` is empty outside.
  void visit(const KafkaValue& value, std::string topic) {
    const auto* name = value.find(KafkaRole::kTopic);
    const auto* id = value.find(KafkaRole::kTopicId);
    const bool names_topic =
        (name != nullptr && !name->field->list) || (id != nullptr && !id->field->list);
    if (names_topic) topic = topic_of(name, id);
    const auto* error = value.find(KafkaRole::kError);
    const auto code = static_cast<std::int16_t>(error != nullptr ? error->number : 0);
    if (code != 0) add_new(into_.errors, code);
    const auto before = seen_;
    for (const auto& item : value.items) {
      if (!item.absent && !item.null) visit_item(item, value, topic, code);
    }
    if (names_topic && (seen_ == before || code != 0)) add({topic, -1, code});
  }

 private:
  std::string topic_of(const KafkaValue* name, const KafkaValue* id) {
    const bool has_name = name != nullptr && !name->null && !name->text.empty();
    const bool has_id = id != nullptr && id->text.find_first_not_of('\0') != std::string_view::npos;
    if (has_name && has_id && into_.response) into_.topics.learn(id->text, name->text);
    if (has_name) return std::string(name->text);
    return id != nullptr ? into_.topics.find(id->text) : std::string();
  }

  void visit_item(const KafkaValue& item, const KafkaValue& parent, const std::string& topic,
                  std::int16_t code) {
    if (item.field->type == KafkaType::kStruct) {
      if (!item.field->list) return visit(item, topic);
      for (const auto& element : item.items) visit(element, topic);
      return;
    }
    if (item.field->role == KafkaRole::kAcks) into_.acks = static_cast<std::int16_t>(item.number);
    if (!item.field->list) return visit_value(item, parent, topic, code);
    for (const auto& element : item.items) visit_value(element, parent, topic, code);
  }

  void visit_value(const KafkaValue& value, const KafkaValue& parent, const std::string& topic,
                   std::int16_t code) {
    const bool listed = value.field->list;
    switch (value.field->role) {
      case KafkaRole::kTopic:
        if (listed) add({std::string(value.text), -1, code});
        return;
      case KafkaRole::kTopicId:
        if (listed) add({into_.topics.find(value.text), -1, code});
        return;
      case KafkaRole::kPartition:
        return add({topic, static_cast<std::int32_t>(value.number), code, asks_end(parent)});
      case KafkaRole::kGroup:
        return add_new(into_.groups, std::string(value.text));
      case KafkaRole::kTransactionalId:
        return add_new(into_.transactional_ids, std::string(value.text));
      case KafkaRole::kKey:
        return add_key(value, parent);
      default:
        return;
    }
  }

  bool asks_end(const KafkaValue& partition) const {
    constexpr std::int64_t kLatest = -1;
    if (into_.key != kKafkaListOffsetsKey || into_.response) return false;
    const auto* timestamp = partition.find("timestamp");
    return timestamp != nullptr && timestamp->number == kLatest;
  }

  // Adds the key of FindCoordinator. Its type is in the request (0 group, 1 transaction).
  void add_key(const KafkaValue& key, const KafkaValue& parent) {
    if (into_.response) return;
    const auto* type = parent.find("key_type");
    const auto number = type != nullptr ? type->number : 0;
    if (number == 0) add_new(into_.groups, std::string(key.text));
    if (number == 1) add_new(into_.transactional_ids, std::string(key.text));
  }

  void add(KafkaPart part) {
    ++seen_;
    if (into_.parts.size() < KafkaMessage::kMostParts) into_.parts.push_back(std::move(part));
  }
  template <class T>
  static void add_new(std::vector<T>& list, T value) {
    if (list.size() >= KafkaMessage::kMostNames) return;
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
  }

  KafkaMessage& into_;
  std::size_t seen_ = 0;
};

}  // namespace

void set_kafka_facts(KafkaMessage& message, const KafkaTree& body) {
  message.decoded = true;
  message.parts.clear();
  message.groups.clear();
  message.transactional_ids.clear();
  message.errors.clear();
  message.acks.reset();
  message.forget_records();
  KafkaFacts(message).visit(body.root(), {});
}

}  // namespace brownout::rules
