// kafka_error: a broker answers with an error, for all partitions of a request or for some. Without
// `after_append` the broker never sees these partitions; with it, the broker has done all, and the
// client is told that it failed.
#include <algorithm>
#include <array>
#include <functional>

#include "rules/protocols/kafka/faults/kafka_fault.h"
#include "rules/protocols/kafka/kafka_refusal.h"

namespace brownout::rules {
namespace {

struct KafkaErrorSettings {
  KafkaErrorName error;
  std::vector<KafkaTopicPattern> topics;
  std::vector<std::int64_t> partitions;
  bool after_append = false;
};

// APIs that only read, so that the broker may answer first. A fetch session, or Metadata of all
// topics, does not name its partitions in the request.
constexpr std::array<std::int16_t, 3> kKafkaReads{kKafkaFetchKey, kKafkaMetadataKey,
                                                  kKafkaShareFetchKey};

// Sets the error in the response of the broker.
class KafkaSetError final : public KafkaEdit {
 public:
  KafkaSetError(const KafkaError& error, const KafkaPartFilter& filter)
      : error_(error), filter_(filter) {}

  void apply(KafkaTree& response, const KafkaMessage& request) const override {
    bool any = false;
    for_each_kafka_part(response, request.topics,
                        [&](KafkaValue& value, std::string_view topic, std::int64_t partition) {
                          if (filter_.has(topic, partition)) any |= set(value);
                        });
    if (!any && filter_.takes_all()) set_everywhere(response.root());
  }

 private:
  bool set(KafkaValue& value) const {
    auto* error = value.find(KafkaRole::kError);
    if (error == nullptr) return false;
    error->number = error_.code;
    if (auto* offset = value.find("base_offset")) offset->number = -1;
    if (auto* records = value.find(KafkaRole::kRecords)) {
      records->text = {};
      records->null = records->field->nullable.has_value();
    }
    return true;
  }
  // For responses without partitions: the error of the whole, of each group and so on.
  void set_everywhere(KafkaValue& value) const {
    set(value);
    for (auto& item : value.items) {
      if (item.absent || !item.field->list || item.field->type != KafkaType::kStruct) continue;
      for (auto& element : item.items) set_everywhere(element);
    }
  }

  const KafkaError& error_;
  KafkaPartFilter filter_;
};

class KafkaErrorStage final : public Stage {
 public:
  KafkaErrorStage(const KafkaErrorSettings& settings)
      : error_(*settings.error.error),
        filter_{settings.topics, settings.partitions},
        after_(settings.after_append) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* request = kafka_request_of(chunk);
    auto body = request != nullptr ? kafka_body_of(chunk) : std::nullopt;
    if (!body) return out.emit(std::move(chunk), now);
    const auto& parts = request->parts;
    const auto hit = [&](const KafkaPart& part) { return filter_.has(part.topic, part.partition); };
    const bool reads =
        std::find(kKafkaReads.begin(), kKafkaReads.end(), request->key) != kKafkaReads.end();
    const bool none = !filter_.takes_all() && std::none_of(parts.begin(), parts.end(), hit);
    // Metadata without topics means all of them.
    if (none && !(reads && parts.empty())) return out.emit(std::move(chunk), now);
    if (after_ || reads) return answer_after(chunk, now, out);
    const bool whole = std::all_of(parts.begin(), parts.end(), hit);
    whole ? refuse(std::move(chunk), *body, now, out) : split(std::move(chunk), *body, now, out);
  }

 private:
  void note(std::string_view action, const Chunk& chunk, Instant now, Output& out) {
    out.note(
        {.action = action, .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
  }
  void answer_after(const Chunk& chunk, Instant now, Output& out) {
    note("error", chunk, now, out);
    out.emit(kafka_chunk_with(chunk, std::make_shared<const KafkaSetError>(error_, filter_)), now);
  }
  void refuse(Chunk chunk, const KafkaTree& body, Instant now, Output& out) {
    const auto refusal = kafka_refusal(*kafka_request_of(chunk), body, error_);
    if (!refusal) return out.emit(std::move(chunk), now);
    note("answer", chunk, now, out);
    out.reply(kafka_response(shared_kafka_view(chunk), *refusal), now);
  }
  // Forwards the request without the partitions of the filter.
  void split(Chunk chunk, KafkaTree& body, Instant now, Output& out) {
    const auto* request = kafka_request_of(chunk);
    auto refused = *kafka_body_of(chunk);
    const auto selected = [&](std::string_view topic, std::int64_t partition) {
      return filter_.has(topic, partition);
    };
    remove_kafka_parts(refused, request->topics, std::not_fn(selected));
    const auto refusal = kafka_refusal(*request, refused, error_);
    if (!refusal) return out.emit(std::move(chunk), now);
    remove_kafka_parts(body, request->topics, selected);
    note("error", chunk, now, out);
    out.emit(kafka_chunk_with(kafka_chunk_with(chunk, body), kafka_edit_adding(*refusal)), now);
  }

  const KafkaError& error_;
  KafkaPartFilter filter_;
  bool after_;
  std::uint64_t count_ = 0;
};

class KafkaErrorFault final : public Fault {
 public:
  using Settings = KafkaErrorSettings;
  explicit KafkaErrorFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("error", &Settings::error, "the error, by name", {.required = true}),
        field("topic", &Settings::topics,
              "only for matching topics of the request; patterns as for path"),
        field("partition", &Settings::partitions, "only for these partitions of the topics",
              {.least = 0, .most = INT32_MAX}),
        field("after_append", &Settings::after_append,
              "true: the broker has done what was asked, and the client is told that it failed"),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kUpstream) return nullptr;
    return std::make_unique<KafkaErrorStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaError = describe<KafkaErrorFault>(kafka_fault_kind(
    "kafka_error",
    "A broker answers a request with an error. With `topic` or `partition`, only these parts of "
    "the request get the error, and the other parts reach the broker. Produce requests with acks=0 "
    "have no response, and pass.",
    "retries only errors that the protocol calls retriable, within delivery.timeout.ms and with "
    "growing pauses; refreshes its metadata after NOT_LEADER_OR_FOLLOWER; reports all other errors",
    "request", "the first rule that answers a request decides",
    "kafka.apache.org/protocol, Error Codes; KIP-98 (idempotent producer)"));

}  // namespace brownout::rules
