// kafka_broker_down: brokers disappear from the metadata, as after they failed.
#include <algorithm>

#include "rules/protocols/kafka/faults/kafka_fault.h"

namespace brownout::rules {
namespace {

struct KafkaBrokerDownSettings {
  std::vector<std::int64_t> nodes;
};

class KafkaBrokerRemover {
 public:
  explicit KafkaBrokerRemover(std::vector<std::int64_t> nodes) : nodes_(std::move(nodes)) {}

  bool operator()(KafkaTree& response, const KafkaMessage& view) {
    bool any = remove_from_list(response.root().find("brokers"));
    for_each_kafka_leader(response, view, {}, [&](KafkaValue& partition, KafkaValue& leader) {
      any |= remove_from_replicas(partition);
      if (!is_down(leader.number)) return;
      remove_kafka_leader(partition, leader);
      any = true;
    });
    if (view.key != kKafkaFindCoordinatorKey) return any;
    any |= remove_coordinator(response, response.root());
    if (auto* list = response.root().find("coordinators")) {
      for (auto& coordinator : list->items) any |= remove_coordinator(response, coordinator);
    }
    return any;
  }

 private:
  bool is_down(std::int64_t node) const {
    return std::find(nodes_.begin(), nodes_.end(), node) != nodes_.end();
  }
  // Brokers have a node_id in Metadata, and a broker_id in DescribeCluster.
  bool remove_from_list(KafkaValue* brokers) const {
    if (brokers == nullptr) return false;
    return std::erase_if(brokers->items, [&](const KafkaValue& broker) {
             const auto* id = broker.find("node_id");
             if (id == nullptr) id = broker.find("broker_id");
             return id != nullptr && is_down(id->number);
           }) > 0;
  }
  bool remove_from_replicas(KafkaValue& partition) const {
    auto* replicas = partition.find("isr_nodes");
    if (replicas == nullptr) return false;
    return std::erase_if(replicas->items,
                         [&](const KafkaValue& replica) { return is_down(replica.number); }) > 0;
  }
  bool remove_coordinator(KafkaTree& response, KafkaValue& value) const {
    auto* node = value.find("node_id");
    auto* error = value.find(KafkaRole::kError);
    auto* host = value.find(KafkaRole::kHost);
    auto* port = value.find(KafkaRole::kPort);
    if (node == nullptr || error == nullptr || host == nullptr || port == nullptr) return false;
    if (!is_down(node->number)) return false;
    error->number = kafka_error("COORDINATOR_NOT_AVAILABLE")->code;
    node->number = port->number = -1;
    host->text = response.keep("");
    return true;
  }

  std::vector<std::int64_t> nodes_;
};

class KafkaBrokerDown final : public Fault {
 public:
  using Settings = KafkaBrokerDownSettings;
  explicit KafkaBrokerDown(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("node", &Settings::nodes, "ids of the brokers that are down (node.id)",
              {.least = 0, .most = INT32_MAX, .required = true}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return kafka_response_stage(context, KafkaBrokerRemover(settings_.nodes));
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaBrokerDown = describe<KafkaBrokerDown>(kafka_fault_kind(
    "kafka_broker_down",
    "Brokers disappear from the metadata: partitions that they lead have no leader, and groups "
    "that they coordinate have no coordinator. To also close the listener of such a broker, add a "
    "rule with the fault `refuse` or `down`.",
    "keeps its records, works on with the other brokers, and asks again for metadata with growing "
    "pauses",
    "response to Metadata, DescribeCluster, DescribeTopicPartitions or FindCoordinator",
    "the brokers of all rules are down", "kafka.apache.org/protocol, Metadata, FindCoordinator"));

}  // namespace brownout::rules
