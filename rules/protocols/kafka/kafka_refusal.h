// kafka_refusal() makes the response in which a broker answers a request with an error: the shape
// of the request, with the error for each topic, partition or group that the request names.
//
// Source: kafka.apache.org/protocol. Pure; any thread.
#pragma once

#include <optional>

#include "rules/protocols/kafka/kafka_message.h"

namespace brownout::rules {

// Returns no value if the response has no place for an error, as that to Metadata for all topics.
// `body` is the body of the request.
std::optional<KafkaTree> kafka_refusal(const KafkaMessage& request, const KafkaTree& body,
                                       const KafkaError& error);

}  // namespace brownout::rules
