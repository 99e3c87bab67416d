#include "rules/protocols/kafka/codec/kafka_session.h"

#include <algorithm>
#include <string>

namespace brownout::messages {
namespace {

using rules::KafkaPart;
using rules::KafkaValue;

// Returns the partitions that leave the session.
std::vector<KafkaPart> forgotten_in(const KafkaValue& body, const rules::SharedNames& topics) {
  std::vector<KafkaPart> parts;
  const auto* list = body.find("forgotten_topics_data");
  if (list == nullptr) return parts;
  for (const auto& topic : list->items) {
    const auto* name = topic.find("topic");
    const auto* id = topic.find("topic_id");
    const auto* partitions = topic.find("partitions");
    if (partitions == nullptr || (name == nullptr && id == nullptr)) continue;
    const auto text = name != nullptr ? std::string(name->text) : topics.find(id->text);
    for (const auto& partition : partitions->items) {
      parts.push_back({text, static_cast<std::int32_t>(partition.number)});
    }
  }
  return parts;
}

bool has_part(const std::vector<KafkaPart>& parts, const KafkaPart& wanted) {
  return std::any_of(parts.begin(), parts.end(), [&](const KafkaPart& part) {
    return part.partition == wanted.partition && part.topic == wanted.topic;
  });
}

}  // namespace

void KafkaSession::follow(rules::KafkaMessage& request, const rules::KafkaTree& body) {
  const auto& root = body.root();
  const auto* epoch = root.find("session_epoch");
  if (epoch == nullptr) epoch = root.find("share_session_epoch");
  if (epoch == nullptr) return;
  if (epoch->number <= 0) {  // opens a session, or is outside of any
    parts_ = request.parts;
    return;
  }
  const auto gone = forgotten_in(root, request.topics);
  if (!gone.empty()) {
    std::erase_if(parts_, [&](const KafkaPart& part) { return has_part(gone, part); });
  }
  for (auto& part : request.parts) {
    const bool room = parts_.size() < rules::KafkaMessage::kMostParts;
    if (room && !has_part(parts_, part)) parts_.push_back(part);
  }
  request.parts = parts_;
}

}  // namespace brownout::messages
