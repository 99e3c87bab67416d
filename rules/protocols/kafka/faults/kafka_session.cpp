// kafka_session: a broker has lost a session of the client, or has given it to another client. A
// session is the state that a broker keeps between requests: of a consumer that fetches, of a group
// member, or of an idempotent or transactional producer.
#include "rules/protocols/kafka/faults/kafka_refusal_stage.h"
#include "rules/protocols/kafka/kafka_wire.h"

namespace brownout::rules {
namespace {

enum class KafkaSessionKind { kFetch, kMember, kProducer };
enum class KafkaSessionHow { kLost, kFenced };

}  // namespace

template <>
struct EnumNames<KafkaSessionKind> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaSessionKind>{"fetch", KafkaSessionKind::kFetch},
      std::pair<std::string_view, KafkaSessionKind>{"member", KafkaSessionKind::kMember},
      std::pair<std::string_view, KafkaSessionKind>{"producer", KafkaSessionKind::kProducer}};
};
template <>
struct EnumNames<KafkaSessionHow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaSessionHow>{"lost", KafkaSessionHow::kLost},
      std::pair<std::string_view, KafkaSessionHow>{"fenced", KafkaSessionHow::kFenced}};
};

namespace {

struct KafkaSessionSettings {
  KafkaSessionKind session = KafkaSessionKind::kFetch;
  KafkaSessionHow how = KafkaSessionHow::kLost;
};

std::int64_t kafka_number_in(const KafkaTree& body, std::string_view name) {
  const auto* value = body.root().find(name);
  return value != nullptr ? value->number : -1;
}
bool has_kafka_text(const KafkaTree& body, std::string_view name) {
  const auto* value = body.root().find(name);
  return value != nullptr && !value->null && !value->text.empty();
}

// Returns the error of a request within a fetch session, or a share session. A request that opens
// or closes a session has the epoch 0 or -1.
const KafkaError* kafka_fetch_session_error(const KafkaMessage& request, const KafkaTree& body,
                                            bool lost) {
  if (request.key == kKafkaFetchKey && kafka_number_in(body, "session_epoch") > 0) {
    return kafka_error(lost ? "FETCH_SESSION_ID_NOT_FOUND" : "INVALID_FETCH_SESSION_EPOCH");
  }
  const bool shares =
      request.key == kKafkaShareFetchKey || request.key == kKafkaShareAcknowledgeKey;
  if (shares && kafka_number_in(body, "share_session_epoch") > 0) {
    return kafka_error(lost ? "SHARE_SESSION_NOT_FOUND" : "INVALID_SHARE_SESSION_EPOCH");
  }
  return nullptr;
}

// Returns the error of a heartbeat or commit of a group member. Requests with which a member joins
// or leaves have the epoch 0 or below in the newer protocols (KIP-848, KIP-932).
const KafkaError* kafka_member_error(const KafkaMessage& request, const KafkaTree& body,
                                     bool lost) {
  const bool newer =
      request.key == kKafkaConsumerGroupHeartbeatKey || request.key == kKafkaShareGroupHeartbeatKey;
  const bool older = request.key == kKafkaHeartbeatKey || request.key == kKafkaOffsetCommitKey;
  if (!newer && !older) return nullptr;
  if (!has_kafka_text(body, "member_id")) return nullptr;
  if (newer && kafka_number_in(body, "member_epoch") <= 0) return nullptr;
  if (lost) return kafka_error("UNKNOWN_MEMBER_ID");
  if (has_kafka_text(body, older ? "group_instance_id" : "instance_id")) {
    return kafka_error("FENCED_INSTANCE_ID");
  }
  return kafka_error(newer ? "FENCED_MEMBER_EPOCH" : "ILLEGAL_GENERATION");
}

// Whether the first batch has a producer id, as those of idempotent and transactional producers.
bool has_kafka_producer_id(KafkaTree& body) {
  constexpr std::size_t kMagicAt = 16;
  constexpr std::size_t kProducerIdAt = 43;  // in a record batch v2 (KIP-98)
  bool any = false;
  for_each_kafka_part(body, {}, [&](KafkaValue& value, std::string_view, std::int64_t) {
    const auto* records = value.find(KafkaRole::kRecords);
    if (records == nullptr) return;
    KafkaBytesReader from(std::as_bytes(std::span(records->text)));
    from.take(kMagicAt);
    constexpr std::int64_t kBatch = 2;
    const bool is_batch = from.number(1) == kBatch;
    from.take(kProducerIdAt - kMagicAt - 1);
    any |= is_batch && from.number(8) >= 0 && from.ok();
  });
  return any;
}

const KafkaError* kafka_producer_error(const KafkaMessage& request, KafkaTree& body, bool lost) {
  // Clients know PRODUCER_FENCED in these versions and later (KIP-588).
  constexpr std::int16_t kFirstWithFenced = 2;
  switch (request.key) {
    case kKafkaProduceKey:
      if (!has_kafka_producer_id(body)) return nullptr;
      return kafka_error(lost ? "UNKNOWN_PRODUCER_ID" : "INVALID_PRODUCER_EPOCH");
    case kKafkaAddPartitionsToTxnKey:
    case kKafkaAddOffsetsToTxnKey:
    case kKafkaEndTxnKey:
      if (lost) return kafka_error("INVALID_PRODUCER_ID_MAPPING");
      return kafka_error(request.version >= kFirstWithFenced ? "PRODUCER_FENCED"
                                                             : "INVALID_PRODUCER_EPOCH");
    case kKafkaTxnOffsetCommitKey:
      return kafka_error(lost ? "INVALID_PRODUCER_ID_MAPPING" : "INVALID_PRODUCER_EPOCH");
    default:
      return nullptr;
  }
}

class KafkaSessionRefusal {
 public:
  explicit KafkaSessionRefusal(const KafkaSessionSettings& settings) : settings_(settings) {}

  std::optional<KafkaTree> operator()(const KafkaMessage& request, const Chunk& chunk) const {
    auto body = kafka_body_of(chunk);
    if (!body) return std::nullopt;
    const bool lost = settings_.how == KafkaSessionHow::kLost;
    switch (settings_.session) {
      case KafkaSessionKind::kFetch:
        return whole(request, kafka_fetch_session_error(request, *body, lost));
      case KafkaSessionKind::kMember:
        return in_shape(request, *body, kafka_member_error(request, *body, lost));
      case KafkaSessionKind::kProducer:
        return in_shape(request, *body, kafka_producer_error(request, *body, lost));
    }
    return std::nullopt;
  }

 private:
  // Returns a response without partitions, since the broker does not know those of the session.
  static std::optional<KafkaTree> whole(const KafkaMessage& request, const KafkaError* error) {
    if (error == nullptr) return std::nullopt;
    const auto& api = *request.api();
    auto response = KafkaTree::blank(api, api.response, request.version);
    response.root().find(KafkaRole::kError)->number = error->code;
    return response;
  }
  static std::optional<KafkaTree> in_shape(const KafkaMessage& request, const KafkaTree& body,
                                           const KafkaError* error) {
    return error != nullptr ? kafka_refusal(request, body, *error) : std::nullopt;
  }

  KafkaSessionSettings settings_;
};

class KafkaSessionFault final : public Fault {
 public:
  using Settings = KafkaSessionSettings;
  explicit KafkaSessionFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("session", &Settings::session,
              "fetch: the fetch session of a consumer (Fetch, ShareFetch, ShareAcknowledge); "
              "member: the membership in a group (heartbeats, OffsetCommit); producer: the state "
              "of an idempotent or transactional producer (Produce, and the requests of "
              "transactions)"),
        field("how", &Settings::how,
              "lost: the broker knows no such session, as after a restart or a time-out; fenced: a "
              "newer session, or that of another client, has taken the place of the session"),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return kafka_refusal_stage(context, KafkaSessionRefusal(settings_));
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kKafkaSession = describe<KafkaSessionFault>(kafka_fault_kind(
    "kafka_session",
    "A broker has lost a session of the client (`how` = \"lost\"), or another session has taken "
    "the place of the session (`how` = \"fenced\"). Requests within the session get an error; "
    "requests that open a session pass. Errors for `session` = \"fetch\": lost, "
    "FETCH_SESSION_ID_NOT_FOUND; fenced, INVALID_FETCH_SESSION_EPOCH. In a share group: lost, "
    "SHARE_SESSION_NOT_FOUND; fenced, INVALID_SHARE_SESSION_EPOCH. Errors for \"member\": lost, "
    "UNKNOWN_MEMBER_ID; fenced, FENCED_INSTANCE_ID for a member with a group.instance.id, else "
    "FENCED_MEMBER_EPOCH in the newer group protocols (KIP-848, KIP-932) and ILLEGAL_GENERATION in "
    "the older one. Errors for \"producer\" in Produce: lost, UNKNOWN_PRODUCER_ID; fenced, "
    "INVALID_PRODUCER_EPOCH. In requests of a transaction: lost, INVALID_PRODUCER_ID_MAPPING; "
    "fenced, PRODUCER_FENCED, or INVALID_PRODUCER_EPOCH in TxnOffsetCommit and in request versions "
    "before 2.",
    "opens a new session at once: it fetches all its partitions again, joins its group again, or "
    "gets a new producer epoch, and neither loses nor doubles a record. After FENCED_INSTANCE_ID "
    "or PRODUCER_FENCED the client stops, since another client has taken its place",
    "request within a session", "the first rule that answers a request decides",
    "KIP-227 (fetch sessions); KIP-932 (share sessions); KIP-62, KIP-345, KIP-848 (members); "
    "KIP-98, KIP-360, KIP-588 (producers)"));

}  // namespace brownout::rules
