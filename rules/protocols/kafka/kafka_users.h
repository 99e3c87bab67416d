// The settings of a rehearsal's users of the kind kafka: the keys of [[probe]] and their values.
// Plain values; any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

// The value of acks in a Produce request: how many replicas have a record before the broker
// answers.
enum class KafkaAcks : std::int16_t { kNone = 0, kLeader = 1, kAll = -1 };

template <>
struct EnumNames<KafkaAcks> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaAcks>{"0", KafkaAcks::kNone},
      std::pair<std::string_view, KafkaAcks>{"1", KafkaAcks::kLeader},
      std::pair<std::string_view, KafkaAcks>{"all", KafkaAcks::kAll}};
};

enum class KafkaSasl { kPlain, kScramSha256, kScramSha512 };

template <>
struct EnumNames<KafkaSasl> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaSasl>{"PLAIN", KafkaSasl::kPlain},
      std::pair<std::string_view, KafkaSasl>{"SCRAM-SHA-256", KafkaSasl::kScramSha256},
      std::pair<std::string_view, KafkaSasl>{"SCRAM-SHA-512", KafkaSasl::kScramSha512}};
};

// Whether a consumer reads messages of transactions that are not committed (isolation.level).
enum class KafkaIsolation { kReadCommitted, kReadUncommitted };

template <>
struct EnumNames<KafkaIsolation> {
  static constexpr std::array kValues{
      std::pair<std::string_view, KafkaIsolation>{"read_committed", KafkaIsolation::kReadCommitted},
      std::pair<std::string_view, KafkaIsolation>{"read_uncommitted",
                                                  KafkaIsolation::kReadUncommitted}};
};

struct KafkaUserSettings {
  std::string topic = "brownout";
  std::string group = "brownout";
  KafkaAcks acks = KafkaAcks::kAll;
  bool idempotent = true;
  bool transactional = false;
  bool consume = true;
  KafkaIsolation isolation = KafkaIsolation::kReadCommitted;
  Duration delivery_timeout = std::chrono::minutes(2);  // delivery.timeout.ms, in real time
  Duration session_timeout = std::chrono::seconds(45);  // session.timeout.ms, in real time
  KafkaSasl sasl = KafkaSasl::kPlain;

  // Returns the settings that a [[probe]] gives. `idempotent` is false if left out beside acks that
  // exclude it, as in Kafka's own client (KIP-679).
  static KafkaUserSettings of(const ProtocolOptions& options);
};

std::vector<OptionKey> kafka_user_keys();

}  // namespace brownout::rules
