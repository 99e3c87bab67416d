// kafka_api_versions: a broker seems older than it is, because it supports fewer APIs or versions.
#include <algorithm>

#include "rules/protocols/kafka/faults/kafka_fault.h"

namespace brownout::rules {
namespace {

struct KafkaApiVersionsSettings {
  std::vector<KafkaApiName> apis;
  std::optional<std::int64_t> most;
};

class KafkaVersionLimit {
 public:
  explicit KafkaVersionLimit(const KafkaApiVersionsSettings& settings) : settings_(settings) {}

  bool operator()(KafkaTree& response, const KafkaMessage& view) {
    auto* list = response.root().find("api_keys");
    if (view.key != kKafkaApiVersionsKey || list == nullptr) return false;
    bool any = false;
    std::erase_if(list->items, [&](KafkaValue& row) {
      const auto key = row.find("api_key")->number;
      const bool limited =
          std::any_of(settings_.apis.begin(), settings_.apis.end(),
                      [&](const KafkaApiName& name) { return name.api->key == key; });
      if (!limited) return false;
      auto& last = row.find("max_version")->number;
      const bool gone = !settings_.most || *settings_.most < row.find("min_version")->number;
      any |= gone || *settings_.most < last;
      if (!gone) last = std::min(last, *settings_.most);
      return gone;
    });
    return any;
  }

 private:
  KafkaApiVersionsSettings settings_;
};

class KafkaApiVersions final : public Fault {
 public:
  using Settings = KafkaApiVersionsSettings;
  explicit KafkaApiVersions(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("api", &Settings::apis, "the APIs, e.g. \"Produce\"", {.required = true}),
        field("most", &Settings::most,
              "the last version that the broker seems to support; left out, or older than all that "
              "it supports, the API is missing",
              {.least = 0, .most = INT16_MAX}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return kafka_response_stage(context, KafkaVersionLimit(settings_));
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaApiVersions = describe<KafkaApiVersions>(kafka_fault_kind(
    "kafka_api_versions",
    "A broker says that it supports fewer APIs or versions than it really does, like an older "
    "broker during a rolling upgrade.",
    "uses the newest version that both the client and the broker support, and reports a missing "
    "API only when the client needs that API",
    "response to ApiVersions",
    "an API is missing if any rule removes it; else the lowest `most` decides",
    "kafka.apache.org/protocol, ApiVersions; KIP-35; KIP-511"));

}  // namespace brownout::rules
