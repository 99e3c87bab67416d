// kafka_leader: metadata names a wrong leader of a partition, or none.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "rules/base/shared_model.h"
#include "rules/protocols/kafka/faults/kafka_fault.h"

namespace brownout::rules {
namespace {

enum class KafkaLeaderHow { kNone, kOther, kFlapping, kStale };

}  // namespace

template <>
struct EnumNames<KafkaLeaderHow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaLeaderHow>{"none", KafkaLeaderHow::kNone},
      std::pair<std::string_view, KafkaLeaderHow>{"other", KafkaLeaderHow::kOther},
      std::pair<std::string_view, KafkaLeaderHow>{"flapping", KafkaLeaderHow::kFlapping},
      std::pair<std::string_view, KafkaLeaderHow>{"stale", KafkaLeaderHow::kStale}};
};

namespace {

struct KafkaLeaderSettings {
  KafkaLeaderHow how = KafkaLeaderHow::kNone;
  std::vector<KafkaTopicPattern> topics;
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

// Remembers the first leader of each partition, and the address of each broker, for all connections
// of a rule. A broker that is behind tells all its clients the same.
class KafkaFirstLeaders final : public FaultState {
 public:
  // Changes a response to Metadata or DescribeTopicPartitions to what was true first. Returns
  // whether it changed.
  bool restore(KafkaTree& response, const KafkaMessage& view, const KafkaPartFilter& filter) {
    learn_brokers(response);
    bool any = false;
    const auto see = [&](KafkaValue& partition, std::string_view topic, std::int64_t number) {
      auto* leader = partition.find("leader_id");
      if (leader == nullptr || !filter.has(topic, number)) return;
      auto* epoch = partition.find("leader_epoch");
      const Leader now{leader->number, epoch != nullptr ? epoch->number : -1};
      const auto first = first_of({std::string(topic), number}, now);
      const bool same_epoch = first.epoch == now.epoch || first.epoch < 0 || now.epoch < 0;
      if (first.node == now.node && same_epoch) return;
      leader->number = first.node;
      if (epoch != nullptr) epoch->number = first.epoch;
      if (auto* error = partition.find(KafkaRole::kError)) error->number = 0;
      list_broker(response, first.node);
      any = true;
    };
    for_each_kafka_part(response, view.topics, see);
    return any;
  }

 private:
  static constexpr std::size_t kMost = 100'000;  // of partitions, and of brokers

  struct Leader {
    std::int64_t node = -1;
    std::int64_t epoch = -1;  // -1: the version of the response has none
  };
  struct Broker {
    std::string host;
    std::int64_t port = 0;
  };
  using Partition = std::pair<std::string, std::int64_t>;  // topic and number

  // Returns the first leader of a partition. `now` becomes the first if it is a leader.
  Leader first_of(Partition partition, const Leader& now) {
    return leaders_.use([&](auto& all) {
      if (!all) all.emplace();
      const auto found = all->find(partition);
      if (found != all->end()) return found->second;
      if (now.node >= 0 && all->size() < kMost) all->emplace(std::move(partition), now);
      return now;
    });
  }
  void learn_brokers(const KafkaTree& response) {
    const auto* list = response.root().find("brokers");
    if (list == nullptr) return;
    brokers_.use([&](auto& all) {
      if (!all) all.emplace();
      for (const auto& broker : list->items) {
        const auto* host = broker.find(KafkaRole::kHost);
        const auto* port = broker.find(KafkaRole::kPort);
        const auto* node = broker.find("node_id");
        if (host == nullptr || port == nullptr || node == nullptr || all->size() >= kMost) continue;
        all->try_emplace(node->number, Broker{std::string(host->text), port->number});
      }
      return true;
    });
  }
  // Adds a broker to a response that no longer lists it, since metadata names no leader without an
  // address.
  void list_broker(KafkaTree& response, std::int64_t node) {
    auto* list = response.root().find("brokers");
    if (list == nullptr) return;
    const auto is_listed = [&](const KafkaValue& broker) {
      return broker.find("node_id")->number == node;
    };
    if (std::any_of(list->items.begin(), list->items.end(), is_listed)) return;
    const auto known = brokers_.use([&](const auto& all) -> std::optional<Broker> {
      const auto found = all->find(node);
      return found != all->end() ? std::optional(found->second) : std::nullopt;
    });
    if (!known) return;
    auto broker = response.blank_item(*list->field);
    broker.find("node_id")->number = node;
    broker.find(KafkaRole::kHost)->text = response.keep(known->host);
    broker.find(KafkaRole::kPort)->number = known->port;
    list->items.push_back(std::move(broker));
  }

  SharedModel<std::map<Partition, Leader>> leaders_;
  SharedModel<std::map<std::int64_t, Broker>> brokers_;
};

class KafkaLeader final : public Fault {
 public:
  using Settings = KafkaLeaderSettings;
  explicit KafkaLeader(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field(
            "how", &Settings::how,
            "none: the partition has no leader; other: the next broker of the cluster is named; "
            "flapping: the next broker in every second response of a connection; stale: the leader "
            "and leader epoch that the first response since the rule took effect named"),
        field("topic", &Settings::topics, "only for matching topics; patterns as for path"),
        field("partition", &Settings::partitions, "only for these partitions of the topics",
              {.least = 0, .most = INT32_MAX}),
    }};
    return schema;
  }
  std::unique_ptr<FaultState> make_state() const override {
    if (settings_.how != KafkaLeaderHow::kStale) return nullptr;
    return std::make_unique<KafkaFirstLeaders>();
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (auto* first = static_cast<KafkaFirstLeaders*>(context.shared)) {
      return kafka_response_stage(
          context, [first, filter = filter()](KafkaTree& response, const KafkaMessage& view) {
            return first->restore(response, view, filter);
          });
    }
    const auto change = [how = settings_.how, filter = filter(), count = 0](
                            KafkaTree& response, const KafkaMessage& view) mutable {
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
  KafkaPartFilter filter() const { return {settings_.topics, settings_.partitions}; }

  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaLeader = describe<KafkaLeader>(kafka_fault_kind(
    "kafka_leader",
    "Metadata names a wrong leader of partitions, as from a broker that is behind, or no leader, "
    "as during an election. With `how` = \"stale\", all connections of the rule get the leader and "
    "the leader epoch that were named first while the rule acts. They also get the address of that "
    "leader, even when the broker has left the cluster.",
    "keeps its records, asks again for metadata with growing pauses, and prefers metadata with the "
    "newer leader epoch",
    "response to Metadata or DescribeTopicPartitions",
    "each rule changes the leader that the previous rule named, in the order of the file",
    "kafka.apache.org/protocol, Partitioning and bootstrapping; KIP-320 (leader epochs)"));

}  // namespace brownout::rules
