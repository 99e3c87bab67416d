// kafka_leader: metadata names a wrong leader of a partition, or none.
#include <algorithm>

#include "rules/protocols/kafka/faults/kafka_fault.h"

namespace brownout::rules {
namespace {

enum class KafkaLeaderHow { kNone, kOther, kFlapping };

}  // namespace

template <>
struct EnumNames<KafkaLeaderHow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaLeaderHow>{"none", KafkaLeaderHow::kNone},
      std::pair<std::string_view, KafkaLeaderHow>{"other", KafkaLeaderHow::kOther},
      std::pair<std::string_view, KafkaLeaderHow>{"flapping", KafkaLeaderHow::kFlapping}};
};

namespace {

struct KafkaLeaderSettings {
  KafkaLeaderHow how = KafkaLeaderHow::kNone;
  std::vector<TextPattern> topics;
  std::vector<std::int64_t> partitions;
};

// Returns another broker that the response names, or the same if there is none.
std::int64_t other_kafka_broker(const KafkaTree& response, std::int64_t leader) {
  const auto* brokers = response.root().find("brokers");
  if (brokers == nullptr || brokers->items.empty()) return leader;
  const auto id_of = [](const KafkaValue& broker) { return broker.find("node_id")->number; };
  const auto& all = brokers->items;
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const KafkaValue& broker) { return id_of(broker) == leader; });
  const bool is_last = found == all.end() || found + 1 == all.end();
  return id_of(is_last ? all.front() : *(found + 1));
}

class KafkaLeader final : public Fault {
 public:
  using Settings = KafkaLeaderSettings;
  explicit KafkaLeader(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("how", &Settings::how,
              "none: the partition has no leader; other: the next broker of the cluster is named; "
              "flapping: the next broker in every second response of a connection"),
        field("topic", &Settings::topics, "only for matching topics; patterns as for path"),
        field("partition", &Settings::partitions, "only for these partitions of the topics",
              {.least = 0, .most = INT32_MAX}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    const auto change = [how = settings_.how,
                         filter = KafkaPartFilter{settings_.topics, settings_.partitions},
                         count = 0](KafkaTree& response, const KafkaMessage& view) mutable {
      bool any = false;
      if (how == KafkaLeaderHow::kFlapping && count++ % 2 == 1) return any;
      for_each_kafka_leader(response, view, filter, [&](KafkaValue& partition, KafkaValue& leader) {
        const auto before = leader.number;
        if (how == KafkaLeaderHow::kNone) {
          remove_kafka_leader(partition, leader);
        } else {
          leader.number = other_kafka_broker(response, leader.number);
        }
        any |= leader.number != before;
      });
      return any;
    };
    return kafka_response_stage(context, change);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaLeader = describe<KafkaLeader>(kafka_fault_kind(
    "kafka_leader",
    "Metadata names a wrong leader of partitions, as from a broker that is behind, or no leader, "
    "as "
    "during an election.",
    "keeps its records, asks again for metadata with growing pauses, and prefers metadata with the "
    "newer leader epoch",
    "response to Metadata or DescribeTopicPartitions", "later rules see the changed leader",
    "kafka.apache.org/protocol, Partitioning and bootstrapping; KIP-320 (leader epochs)"));

}  // namespace brownout::rules
