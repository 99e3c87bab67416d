// KafkaError is an error code of the Kafka protocol with its name. The codes are read from
// schema/errors.txt at first use.
//
// Source: kafka.apache.org/protocol, Error Codes. Constant table; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/schema/schema.h"

namespace brownout::rules {

struct KafkaError {
  std::int16_t code = 0;
  std::string name = {};
  bool retriable = false;  // whether a client tries again after the error
};

// Return null if there is no such error. NONE is one.
const KafkaError* kafka_error(std::int16_t code);
const KafkaError* kafka_error(std::string_view name);
// Returns the name, or the number of an unknown code.
std::string kafka_error_text(std::int16_t code);

// An error in a rule file, by its name: "NOT_LEADER_OR_FOLLOWER". Never NONE.
struct KafkaErrorName {
  const KafkaError* error = nullptr;
};
template <>
struct ValueKind<KafkaErrorName> {
  static std::string name() { return "error of Kafka"; }
  static Result<KafkaErrorName> read(const Node& node);
  static std::string print(const KafkaErrorName& value) {
    return value.error != nullptr ? in_quotes(value.error->name) : "none";
  }
};

}  // namespace brownout::rules
