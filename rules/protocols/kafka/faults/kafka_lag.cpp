// kafka_lag: the end of a partition seems further away than it is, and Fetch gives no records.
#include <algorithm>

#include "rules/protocols/kafka/faults/kafka_fault.h"

namespace brownout::rules {
namespace {

struct KafkaLagSettings {
  std::int64_t records = 1000;
  bool empty = false;
  std::vector<KafkaTopicPattern> topics;
  std::vector<std::int64_t> partitions;
};

// Offsets below 0 mean that there is none.
bool move_kafka_offset(KafkaValue* offset, std::int64_t by) {
  if (offset == nullptr || offset->number < 0 || by == 0) return false;
  offset->number += by;
  return true;
}

class KafkaLagChange {
 public:
  explicit KafkaLagChange(const KafkaLagSettings& settings)
      : settings_(settings), filter_{settings.topics, settings.partitions} {}

  bool operator()(KafkaTree& response, const KafkaMessage& view) {
    if (view.key != kKafkaFetchKey && view.key != kKafkaListOffsetsKey) return false;
    bool any = false;
    for_each_kafka_part(response, view.topics,
                        [&](KafkaValue& value, std::string_view topic, std::int64_t partition) {
                          if (!filter_.has(topic, partition)) return;
                          if (view.key == kKafkaFetchKey) any |= change(value);
                          if (view.key == kKafkaListOffsetsKey && asks_end(view, topic, partition))
                            any |= move_kafka_offset(value.find("offset"), settings_.records);
                        });
    return any;
  }

 private:
  // A consumer also asks for the beginning of a partition, or for its offset at some time, which
  // stay as they are.
  static bool asks_end(const KafkaMessage& response, std::string_view topic,
                       std::int64_t partition) {
    if (!response.request) return false;
    const auto& asked = response.request->parts;
    return std::any_of(asked.begin(), asked.end(), [&](const KafkaPart& part) {
      return part.end && part.topic == topic && part.partition == partition;
    });
  }

  bool change(KafkaValue& value) const {
    bool any = move_kafka_offset(value.find("high_watermark"), settings_.records);
    any |= move_kafka_offset(value.find("last_stable_offset"), settings_.records);
    auto* records = value.find(KafkaRole::kRecords);
    if (!settings_.empty || records == nullptr || records->text.empty()) return any;
    records->text = {};
    return true;
  }

  KafkaLagSettings settings_;
  KafkaPartFilter filter_;
};

class KafkaLag final : public Fault {
 public:
  using Settings = KafkaLagSettings;
  explicit KafkaLag(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("records", &Settings::records,
              "by how many records the end of each partition is further away (high watermark, last "
              "stable offset, and the end that ListOffsets gives)",
              {.least = 0, .most = INT64_MAX / 4}),
        field("empty", &Settings::empty, "true: Fetch gives no records, so that the lag stays"),
        field("topic", &Settings::topics, "only for matching topics; patterns as for path"),
        field("partition", &Settings::partitions, "only for these partitions of the topics",
              {.least = 0, .most = INT32_MAX}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return kafka_response_stage(context, KafkaLagChange(settings_));
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaLag = describe<KafkaLag>(kafka_fault_kind(
    "kafka_lag",
    "The end of partitions seems further away than it is, so a consumer seems to lag behind. With "
    "`empty`, Fetch also gives no records.",
    "reports the lag, keeps polling without a busy loop, and never commits an offset that it has "
    "not reached",
    "response to Fetch or ListOffsets", "the `records` of all rules add up",
    "kafka.apache.org/protocol, Fetch, ListOffsets; KIP-98 (last stable offset)"));

}  // namespace brownout::rules
