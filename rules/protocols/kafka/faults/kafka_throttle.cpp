// kafka_throttle: responses say that the client exceeds its quota, and for how long it must pause.
#include "rules/protocols/kafka/faults/kafka_fault.h"

namespace brownout::rules {
namespace {

struct KafkaThrottleSettings {
  Duration time{};
};

class KafkaThrottle final : public Fault {
 public:
  using Settings = KafkaThrottleSettings;
  explicit KafkaThrottle(const Settings& settings)
      : milliseconds_(
            std::chrono::duration_cast<std::chrono::milliseconds>(settings.time).count()) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("time", &Settings::time, "how long the client is told to pause (throttle_time_ms)",
              {.least = std::chrono::milliseconds(1),
               .most = std::chrono::hours(24),
               .required = true}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    const auto change = [wanted = milliseconds_](KafkaTree& response, const KafkaMessage&) {
      auto* time = response.root().find(KafkaRole::kThrottle);
      if (time == nullptr || time->number >= wanted) return false;
      time->number = wanted;
      return true;
    };
    return kafka_response_stage(context, change);
  }

 private:
  std::int64_t milliseconds_;
};

}  // namespace

extern const FaultKind kKafkaThrottle = describe<KafkaThrottle>(kafka_fault_kind(
    "kafka_throttle",
    "Responses tell the client that it exceeds a quota and must pause. The responses themselves "
    "are not late.",
    "sends nothing more to this broker for the given time, and keeps its heartbeats and time-outs "
    "apart from the pause",
    "response", "the longest `time` decides", "KIP-13 (quotas); KIP-219 (throttled clients)"));

}  // namespace brownout::rules
