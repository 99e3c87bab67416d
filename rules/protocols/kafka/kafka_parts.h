// KafkaPartFilter selects partitions of topics inside a request or response. remove_kafka_parts()
// and merge_kafka_response() divide a request by them.
//
// A broker reports errors for each partition. So a fault that concerns some partitions of a request
// forwards it without these, and adds their errors to the response. Pure; any thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/kafka/kafka_topic.h"

namespace brownout::rules {

struct KafkaPartFilter {
  std::vector<KafkaTopicPattern> topics = {};  // all if empty
  std::vector<std::int64_t> partitions = {};   // all if empty

  bool takes_all() const { return topics.empty() && partitions.empty(); }
  // `partition` is -1 for a whole topic, which is selected only if all its partitions are.
  bool has(std::string_view topic, std::int64_t partition) const;
};

// Calls visit(struct, topic, partition) for each structure of a body that stands for a partition,
// or for a topic (partition -1) whose partitions it does not list.
using KafkaPartVisitor = std::function<void(KafkaValue&, std::string_view, std::int64_t)>;
void for_each_kafka_part(KafkaTree& body, const SharedNames& topics, const KafkaPartVisitor& visit);

// Gets a topic and a partition; the partition is -1 for a whole topic.
using KafkaPartPredicate = std::function<bool(std::string_view, std::int64_t)>;
// Removes all partitions from a request that match.
void remove_kafka_parts(KafkaTree& request, const SharedNames& topics,
                        const KafkaPartPredicate& matches);
// Adds the topics and partitions of another response to the same API and version. The other one
// must outlive the response.
void merge_kafka_response(KafkaTree& response, const KafkaTree& other);
// Returns the edit that adds the partitions that the broker never saw, with this answer for them.
std::shared_ptr<const KafkaEdit> kafka_edit_adding(const KafkaTree& answer);

}  // namespace brownout::rules
