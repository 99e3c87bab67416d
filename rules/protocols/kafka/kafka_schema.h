// KafkaApi and KafkaField describe the requests and responses of the Kafka protocol: the fields,
// their types, and the versions that have them. They are read from schema/apis.txt at first use.
//
// Source: kafka.apache.org/protocol; KIP-482 (flexible versions). Constant tables; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/kafka/kafka_errors.h"

namespace brownout::rules {

enum class KafkaType : std::uint8_t {
  kBool,
  kInt8,
  kInt16,
  kUint16,
  kInt32,
  kInt64,
  kFloat64,
  kString,
  kBytes,
  kUuid,
  kRecords,  // a batch of records, or a message set
  kStruct,
};

// Returns the size in bytes of a value of this type. 0 for types whose size the message tells, and
// for structs.
std::size_t fixed_kafka_size(KafkaType type);

// The meaning that a field has in all APIs.
enum class KafkaRole : std::uint8_t {
  kNone,
  kTopic,
  kTopicId,
  kPartition,
  kGroup,
  kTransactionalId,
  kKey,  // the group, or the transactional id, whose coordinator is asked for
  kAcks,
  kError,
  kErrorMessage,
  kThrottle,
  kHost,  // of a broker; kPort is beside it
  kPort,
  kRecords,
};

struct KafkaVersions {
  std::int16_t first = 0;
  std::int16_t last = std::numeric_limits<std::int16_t>::max();

  bool has(std::int16_t version) const { return first <= version && version <= last; }
};

struct KafkaField {
  std::string name = {};
  KafkaType type = KafkaType::kStruct;
  bool list = false;
  KafkaVersions versions = {};
  std::optional<KafkaVersions> nullable = {};  // versions in which the value may be null
  std::optional<std::uint32_t> tag = {};       // for a tagged field
  std::optional<std::string> fallback = {};    // default, or no value for 0, "" and an empty list
  KafkaRole role = KafkaRole::kNone;
  std::vector<KafkaField> fields = {};  // of a struct

  bool is_text() const { return type >= KafkaType::kString && type != KafkaType::kStruct; }
  // Whether a struct has a field with this role, in any version.
  bool has(KafkaRole wanted) const;
};

struct KafkaApi {
  std::int16_t key = 0;
  std::string name = {};
  // The versions that can be decoded. No value for APIs between servers.
  std::optional<KafkaVersions> versions = {};
  std::int16_t flexible = std::numeric_limits<std::int16_t>::max();  // first flexible version
  const KafkaError* refusal = nullptr;  // error of the fault `reject`; null without versions
  KafkaField request = {};              // a struct
  KafkaField response = {};             // a struct

  bool decodes(std::int16_t version) const { return versions && versions->has(version); }
  bool is_flexible(std::int16_t version) const { return version >= flexible; }
};

// The keys of APIs that need special treatment.
inline constexpr std::int16_t kKafkaProduceKey = 0;
inline constexpr std::int16_t kKafkaFetchKey = 1;
inline constexpr std::int16_t kKafkaListOffsetsKey = 2;
inline constexpr std::int16_t kKafkaMetadataKey = 3;
inline constexpr std::int16_t kKafkaOffsetCommitKey = 8;
inline constexpr std::int16_t kKafkaFindCoordinatorKey = 10;
inline constexpr std::int16_t kKafkaHeartbeatKey = 12;
inline constexpr std::int16_t kKafkaSaslHandshakeKey = 17;
inline constexpr std::int16_t kKafkaApiVersionsKey = 18;
inline constexpr std::int16_t kKafkaAddPartitionsToTxnKey = 24;
inline constexpr std::int16_t kKafkaAddOffsetsToTxnKey = 25;
inline constexpr std::int16_t kKafkaEndTxnKey = 26;
inline constexpr std::int16_t kKafkaTxnOffsetCommitKey = 28;
inline constexpr std::int16_t kKafkaConsumerGroupHeartbeatKey = 68;
inline constexpr std::int16_t kKafkaShareGroupHeartbeatKey = 76;
inline constexpr std::int16_t kKafkaShareFetchKey = 78;
inline constexpr std::int16_t kKafkaShareAcknowledgeKey = 79;

// Returns all APIs, ordered by their keys, which have no gaps.
const std::vector<KafkaApi>& kafka_apis();
// Return null if there is no such API.
const KafkaApi* kafka_api(std::int16_t key);
const KafkaApi* kafka_api(std::string_view name);

// The name of an API in a rule file, such as "Produce".
struct KafkaApiName {
  const KafkaApi* api = nullptr;
};
template <>
struct ValueKind<KafkaApiName> {
  static std::string name() { return "API"; }
  static Result<KafkaApiName> read(const Node& node);
  static std::string print(const KafkaApiName& value) { return in_quotes(value.api->name); }
};

}  // namespace brownout::rules
