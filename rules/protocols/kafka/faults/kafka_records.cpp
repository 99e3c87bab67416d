// kafka_records: records are damaged, lost, doubled or changed on their way to the broker or to the
// consumer. The records of a batch are chosen one by one.
#include <algorithm>
#include <array>
#include <functional>

#include "rules/base/base64.h"
#include "rules/base/shared_model.h"
#include "rules/protocols/kafka/faults/kafka_fault.h"
#include "rules/protocols/kafka/kafka_record_change.h"
#include "rules/protocols/kafka/kafka_record_keys.h"
#include "rules/protocols/kafka/kafka_refusal.h"
#include "rules/protocols/kafka/kafka_sequences.h"

namespace brownout::rules {
namespace {

struct KafkaRecordsSettings {
  KafkaRecordChange change;
  Ratio share{Ratio::kOne};
  KafkaRecordFilter filter;
  KafkaPartFilter parts;
  std::optional<std::string> base64;
};

struct KafkaRecordsState final : FaultState {
  SharedModel<KafkaSequences> sequences;
};

class KafkaRecordsStage final : public Stage {
 public:
  KafkaRecordsStage(const KafkaRecordsSettings& settings, const StageContext& context)
      : settings_(settings),
        dice_(context.dice.split("record")),
        intensity_(context.intensity),
        state_(static_cast<KafkaRecordsState*>(context.shared)),
        upstream_(context.direction == Direction::kUpstream),
        renumbers_(upstream_ && settings.change.recounts()) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    act(std::move(chunk), now, out, true);
  }
  // The numbers of later batches move, also if the rule does not select these.
  void pass(Chunk chunk, Instant now, Output& out) override {
    if (!renumbers_) return out.emit(std::move(chunk), now);
    act(std::move(chunk), now, out, false);
  }
  bool may_bypass() const override { return !renumbers_; }

 private:
  using Parts = std::vector<std::pair<std::string, std::int64_t>>;

  // The course of one message.
  struct Turn {
    Ratio chance;        // for each record; 0% if the rule does not select the message
    bool acted = false;  // on a record
    bool full = false;   // whether state_ had no room for the batch of a producer
    Parts emptied = {};  // partitions that have no records left
  };

  void act(Chunk chunk, Instant now, Output& out, bool selected) {
    const auto* view = view_as<KafkaMessage>(chunk.message());
    auto body = view != nullptr && view->has_records() ? kafka_body_of(chunk) : std::nullopt;
    if (!body) return out.emit(std::move(chunk), now);
    const auto share = settings_.share.share() * intensity_.at(now);
    Turn turn{.chance = selected ? Ratio::of(share) : Ratio{}};
    const bool changed = edit_kafka_records(
        *body, view->topics,
        [&](KafkaRecords& records, std::string_view topic, std::int64_t partition,
            KafkaRecordLimits& left) { return edit(records, topic, partition, left, turn); });
    if (turn.full) out.unchanged("there are too many idempotent producers to renumber batches");
    if (!changed) return out.emit(std::move(chunk), now);
    if (!turn.emptied.empty()) return answer(std::move(chunk), *body, turn.emptied, now, out);
    if (turn.acted) note(settings_.change.action(), chunk, now, out);
    out.emit(kafka_chunk_with(chunk, *body), now);
  }
  void note(std::string_view action, const Chunk& chunk, Instant now, Output& out) {
    out.note({.action = action,
              .bytes = static_cast<std::int64_t>(chunk.size()),
              .ordinal = messages_++},
             now);
  }

  bool edit(KafkaRecords& records, std::string_view topic, std::int64_t partition,
            KafkaRecordLimits& left, Turn& turn) {
    if (!settings_.parts.has(topic, partition)) return false;
    auto& batches = records.batches;
    bool changed = false;
    for (auto& batch : batches) {
      if (batch.state != KafkaBatchState::kRead || is_control(batch)) continue;
      const bool numbered = renumbers_ && batch.producer_id >= 0 && batch.base_sequence >= 0;
      changed |= numbered ? edit_numbered(batch, topic, partition, left, turn)
                          : apply(batch, draw(batch, &batch == &batches.back(), left, turn), turn);
    }
    if (!changed || !upstream_) return changed;
    // No broker takes an empty batch.
    std::erase_if(batches, [](const KafkaBatch& batch) {
      return batch.state == KafkaBatchState::kRead && batch.records.empty();
    });
    if (batches.empty()) turn.emptied.emplace_back(topic, partition);
    return true;
  }

  // For the batch of an idempotent producer, which may lose or gain records.
  bool edit_numbered(KafkaBatch& batch, std::string_view topic, std::int64_t partition,
                     KafkaRecordLimits& left, Turn& turn) {
    if (topic.empty()) return false;
    const KafkaProducer producer{batch.producer_id, std::string(topic), partition};
    auto known = state_->sequences.use([&](std::optional<KafkaSequences>& sequences) {
      if (!sequences) sequences.emplace();
      return sequences->find(producer, batch.producer_epoch, batch.base_sequence);
    });
    if (!known.hits) {
      known.hits = draw(batch, false, left, turn);
      if (!keep(batch, producer, *known.hits)) {
        turn.full |= !known.hits->empty();
        known.hits->clear();
        keep(batch, producer, {});
      }
    }
    const bool changed = apply(batch, *known.hits, turn);
    shift_sequence(batch, known.shift);
    return changed || known.shift != 0;
  }
  bool keep(const KafkaBatch& batch, const KafkaProducer& producer, const KafkaRecordHits& hits) {
    return state_->sequences.use([&](std::optional<KafkaSequences>& sequences) {
      return sequences->add(producer, batch.producer_epoch, batch.base_sequence, hits,
                            settings_.change.growth(hits));
    });
  }

  // Chooses records of a batch. `last` is whether it is the last batch of its partition.
  KafkaRecordHits draw(const KafkaBatch& batch, bool last, KafkaRecordLimits& left,
                       const Turn& turn) {
    const auto first = records_;
    records_ += batch.records.size();
    KafkaRecordHits hits(batch.records.size());
    for (std::size_t i = 0; i < hits.size(); ++i) {
      const auto& record = batch.records[i];
      hits[i] = settings_.filter.has(record) && dice_.hit(first + i, turn.chance) &&
                settings_.change.takes_space(record, left);
    }
    // Before v2, a consumer continues behind the last record that it sees, so one must stay.
    const bool must_stay =
        !upstream_ && batch.magic < 2 && last && settings_.change.how == KafkaRecordsHow::kDrop;
    if (must_stay && !hits.empty()) hits.back() = false;
    const bool any = std::find(hits.begin(), hits.end(), true) != hits.end();
    return any ? hits : KafkaRecordHits();
  }

  bool apply(KafkaBatch& batch, const KafkaRecordHits& hits, Turn& turn) const {
    const auto numbering = upstream_ ? KafkaNumbering::kConsecutive : KafkaNumbering::kKept;
    const bool acted = settings_.change.apply(batch, hits, numbering);
    turn.acted |= acted;
    return acted;
  }

  // Answers for the partitions without records in place of the broker, as if it had appended them.
  void answer(Chunk chunk, KafkaTree& body, const Parts& emptied, Instant now, Output& out) {
    const auto& view = *view_as<KafkaMessage>(chunk.message());
    const auto is_empty = [&](std::string_view topic, std::int64_t partition) {
      return std::any_of(emptied.begin(), emptied.end(), [&](const auto& part) {
        return part.first == topic && part.second == partition;
      });
    };
    auto told = *kafka_body_of(chunk);
    remove_kafka_parts(told, view.topics, std::not_fn(is_empty));
    auto appended = kafka_refusal(view, told, *kafka_error("NONE"));
    if (!appended) return out.emit(std::move(chunk), now);
    set_unknown_offsets(*appended, view.topics);
    remove_kafka_parts(body, view.topics, is_empty);
    const bool answered = view.ordinal > 0;  // false with acks=0
    if (has_parts(body, view.topics)) {
      note(settings_.change.action(), chunk, now, out);
      auto rest = kafka_chunk_with(chunk, body);
      if (answered) rest = kafka_chunk_with(rest, kafka_edit_adding(*appended));
      return out.emit(std::move(rest), now);
    }
    note(answered ? "answer" : "drop", chunk, now, out);
    if (answered) out.reply(kafka_response(shared_kafka_view(chunk), *appended), now);
  }
  static void set_unknown_offsets(KafkaTree& response, const SharedNames& topics) {
    for_each_kafka_part(response, topics, [](KafkaValue& part, std::string_view, std::int64_t) {
      if (auto* offset = part.find("base_offset")) offset->number = -1;
    });
  }
  static bool has_parts(KafkaTree& request, const SharedNames& topics) {
    bool any = false;
    for_each_kafka_part(request, topics,
                        [&](KafkaValue&, std::string_view, std::int64_t) { any = true; });
    return any;
  }

  const KafkaRecordsSettings& settings_;  // owned by the rule, which outlives its stages
  Dice dice_;
  Intensity intensity_;
  KafkaRecordsState* state_;  // shared by all flows of the rule
  bool upstream_;
  // Whether batches of idempotent producers may need other numbers.
  bool renumbers_;
  std::uint64_t records_ = 0;   // seen so far
  std::uint64_t messages_ = 0;  // on which the fault acted
};

// A key that only one kind of change has.
struct KafkaKeyOfHow {
  std::string_view key;
  KafkaRecordsHow how;
  bool required = false;
};
constexpr std::array kKafkaKeysOfHow{
    KafkaKeyOfHow{"copies", KafkaRecordsHow::kDuplicate},
    KafkaKeyOfHow{"value", KafkaRecordsHow::kPoison},
    KafkaKeyOfHow{"base64", KafkaRecordsHow::kPoison},
    KafkaKeyOfHow{"id", KafkaRecordsHow::kSchemaId, true},
    KafkaKeyOfHow{"shift", KafkaRecordsHow::kTimestamp, true},
};

class KafkaRecordsFault final : public Fault {
 public:
  using Settings = KafkaRecordsSettings;
  explicit KafkaRecordsFault(Settings settings) : settings_(std::move(settings)) {
    if (!settings_.base64) return;
    settings_.change.value = Base64Decoder().push(*settings_.base64);
  }

  static const Schema<Settings>& schema();

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    for (const auto& [key, how, required] : kKafkaKeysOfHow) {
      const bool given = table.find(key) != nullptr;
      const auto name = std::string(key);
      const auto chosen = "how = " + in_quotes(name_of(settings.change.how));
      if (given && settings.change.how != how) {
        problems.add(position_of(table, key), name + " has no effect with " + chosen,
                     "leave it out, or write how = " + in_quotes(name_of(how)));
      } else if (required && !given && settings.change.how == how) {
        problems.add(position_of(table, "how"), chosen + " needs " + name,
                     key == "id" ? "e.g. id = 4711" : "e.g. shift = \"-1h\"");
      }
    }
    if (!settings.base64) return;
    const auto where = position_of(table, "base64");
    if (settings.change.value) {
      problems.add(where, "value and base64 exclude each other", "give one of them");
    }
    Base64Decoder decoder;
    if (decoder.push(*settings.base64) && decoder.complete()) return;
    problems.add(where, "base64: " + in_quotes(*settings.base64) + " is not Base64",
                 "e.g. base64 = \"AAH//w==\" (RFC 4648, 4)");
  }

  std::unique_ptr<FaultState> make_state() const override {
    return std::make_unique<KafkaRecordsState>();
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<KafkaRecordsStage>(settings_, context);
  }

 private:
  Settings settings_;
};

void read_kafka_records_header(const Node& node, KafkaRecordFilter& filter, Diagnostics& problems) {
  filter.headers = read_header_patterns("header", R"(tenant = "blue*")", node, problems);
}

const Schema<KafkaRecordsSettings>& KafkaRecordsFault::schema() {
  using Change = KafkaRecordChange;
  static const Schema<Settings> schema{{
      field_of(&Settings::change,
               field("how", &Change::how,
                     "corrupt: the CRC of the batch is wrong; drop: the record is missing; "
                     "duplicate: it is there several times; poison: it has another value; "
                     "schema_id: its value names another schema (Confluent's wire format); "
                     "timestamp: it seems older or newer",
                     {.required = true})),
      field("share", &Settings::share, "probability that the fault acts on a record"),
      field_of(&Settings::filter, field("key", &KafkaRecordFilter::keys,
                                        "only records with a matching key; patterns as for path")),
      field_of(&Settings::filter,
               nested<KafkaRecordFilter>("header", "table of patterns",
                                         "only records with all of these headers: { tenant = "
                                         "\"blue*\" }",
                                         read_kafka_records_header)),
      field_of(&Settings::parts, field("topic", &KafkaPartFilter::topics,
                                       "only for matching topics; patterns as for path")),
      field_of(&Settings::parts,
               field("partition", &KafkaPartFilter::partitions,
                     "only for these partitions of the topics", {.least = 0, .most = INT32_MAX})),
      field_of(&Settings::change,
               field("copies", &Change::copies, "duplicate: how many copies are added to a record",
                     {.least = 1, .most = 10})),
      field_of(&Settings::change, field("value", &Change::value,
                                        "poison: the other value; null without `value` and "
                                        "`base64`, as of a deleted record")),
      field("base64", &Settings::base64, "poison: the other value as bytes in Base64"),
      field_of(&Settings::change, field("id", &Change::schema_id, "schema_id: the other id",
                                        {.least = 0, .most = UINT32_MAX})),
      field_of(&Settings::change,
               field("shift", &Change::time_shift,
                     "timestamp: how far it moves: \"-1h\" into the past, \"1h\" into the future")),
  }};
  return schema;
}

FaultKind kafka_records_kind() {
  auto kind = kafka_fault_kind(
      "kafka_records",
      "Records are damaged, lost, doubled or changed: in Produce requests on their way to the "
      "broker, and in Fetch responses on their way to the consumer. Batches are written with their "
      "compression and a right CRC, except with `corrupt`. Batches that cannot be read pass.",
      "checks the CRC (check.crcs); recognizes a record that it has processed by an id; sets aside "
      "a record that it cannot read (dead letter queue), and goes on with the next",
      "record of a Produce request or Fetch response",
      "each rule draws independently; later rules see the changed records",
      "kafka.apache.org/documentation, Message Format; KIP-98 (idempotent producer); KIP-298 "
      "(errors in Connect); docs.confluent.io, Schema Registry wire format");
  kind.ramped = "`share` grows from 0% to its value";
  kind.ramp = Ramp::kMagnitude;
  return kind;
}

}  // namespace

extern const FaultKind kKafkaRecords = describe<KafkaRecordsFault>(kafka_records_kind());

}  // namespace brownout::rules
