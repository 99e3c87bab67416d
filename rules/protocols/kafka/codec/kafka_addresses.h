// rewrite_kafka_addresses() replaces the addresses of brokers in a response, wherever a structure
// has a host and a port: Metadata, FindCoordinator, DescribeCluster, and the endpoints of new
// leaders in responses to Produce, Fetch, ShareFetch and ShareAcknowledge (KIP-951).
//
// Source: kafka.apache.org/protocol. Pure; any thread.
#pragma once

#include "rules/protocols/kafka/kafka_tree.h"
#include "rules/schema/address_map.h"

namespace brownout::codecs {

// Whether responses of the API may name brokers.
bool names_kafka_brokers(const rules::KafkaApi& api);

// Returns whether an address was replaced.
bool rewrite_kafka_addresses(const rules::AddressMap& map, rules::KafkaTree& response);

}  // namespace brownout::codecs
