// kafka_rebalance: heartbeats of a consumer group are answered as during a rebalance.
#include "rules/protocols/kafka/faults/kafka_refusal_stage.h"

namespace brownout::rules {
namespace {

class KafkaRebalance final : public Fault {
 public:
  using Settings = NoSettings;
  explicit KafkaRebalance(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return kafka_error_stage(context, [](const KafkaMessage& request) -> const KafkaError* {
      if (request.key == kKafkaHeartbeatKey) return kafka_error("REBALANCE_IN_PROGRESS");
      // In the newer protocol the coordinator fences a member, which then joins again (KIP-848).
      if (request.key == kKafkaConsumerGroupHeartbeatKey) return kafka_error("FENCED_MEMBER_EPOCH");
      return nullptr;
    });
  }
};

}  // namespace

extern const FaultKind kKafkaRebalance = describe<KafkaRebalance>(kafka_fault_kind(
    "kafka_rebalance",
    "Heartbeats of group members get the error REBALANCE_IN_PROGRESS, or in the newer group "
    "protocol (KIP-848) FENCED_MEMBER_EPOCH. The members join again, and the group rebalances. The "
    "broker does not see these heartbeats.",
    "commits what it has processed, joins again at once, and continues from its committed offsets",
    "heartbeat", "the first rule that answers a request decides",
    "kafka.apache.org/protocol, Heartbeat; KIP-62; KIP-848"));

}  // namespace brownout::rules
