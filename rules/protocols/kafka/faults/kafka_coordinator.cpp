// kafka_coordinator: the coordinator of a group or transaction moves.
#include "rules/protocols/kafka/faults/kafka_refusal_stage.h"

namespace brownout::rules {
namespace {

// Whether only the coordinator of a group or transaction serves the request.
bool is_for_kafka_coordinator(const KafkaMessage& request) {
  const auto* refusal = request.api()->refusal;
  return refusal != nullptr && refusal->name == "COORDINATOR_NOT_AVAILABLE" &&
         (!request.groups.empty() || !request.transactional_ids.empty());
}

class KafkaCoordinator final : public Fault {
 public:
  using Settings = NoSettings;
  explicit KafkaCoordinator(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return kafka_error_stage(context, [](const KafkaMessage& request) -> const KafkaError* {
      if (request.api() == nullptr || !is_for_kafka_coordinator(request)) return nullptr;
      const bool asks = request.key == kKafkaFindCoordinatorKey;
      return kafka_error(asks ? "COORDINATOR_NOT_AVAILABLE" : "NOT_COORDINATOR");
    });
  }
};

}  // namespace

extern const FaultKind kKafkaCoordinator = describe<KafkaCoordinator>(kafka_fault_kind(
    "kafka_coordinator",
    "The coordinator of a group or transaction moves. Requests to the coordinator get the error "
    "NOT_COORDINATOR, and FindCoordinator gets COORDINATOR_NOT_AVAILABLE. There is no coordinator "
    "until the `duration` of the rule is over.",
    "looks the coordinator up again with growing pauses, then repeats the request and continues an "
    "open transaction",
    "request to a coordinator", "the first rule that answers a request decides",
    "kafka.apache.org/protocol, FindCoordinator; KIP-98 (transactions)"));

}  // namespace brownout::rules
