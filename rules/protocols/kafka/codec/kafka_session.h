// KafkaSession follows the fetch session of one connection. In a session, a Fetch request names
// only the partitions that changed, so the others are filled in for rules (KIP-227).
//
// Owned by a KafkaCodec; one thread.
#pragma once

#include <vector>

#include "rules/protocols/kafka/kafka_message.h"

namespace brownout::messages {

class KafkaSession {
 public:
  // Adds to a Fetch or ShareFetch request the partitions that its session has. `body` is its body.
  void follow(rules::KafkaMessage& request, const rules::KafkaTree& body);

 private:
  std::vector<rules::KafkaPart> parts_;
};

}  // namespace brownout::messages
