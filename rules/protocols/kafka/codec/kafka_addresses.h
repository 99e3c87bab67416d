// rewrite_kafka_addresses() replaces the addresses of brokers in a response, wherever a structure
// has a host and a port: Metadata, FindCoordinator, DescribeCluster, and the endpoints of new
// leaders in responses to Produce, Fetch, ShareFetch and ShareAcknowledge (KIP-951).
//
// Source: kafka.apache.org/protocol. Pure; any thread.
#pragma once

#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/kafka/kafka_tree.h"
#include "rules/schema/address_map.h"

namespace brownout::codecs {

// Where responses of an API and version may name brokers.
enum class KafkaBrokerPlace {
  kNowhere,
  kAtEnd,  // only in the tagged fields at their end, which KafkaWalk finds
  kAnywhere,
};
KafkaBrokerPlace kafka_broker_place(const rules::KafkaApi& api, std::int16_t version);

struct KafkaRewriting {
  bool any = false;  // whether an address was replaced
  // Brokers that are followed, but got no address of the listener.
  std::vector<rules::AnnouncedServer> left_out = {};
};
KafkaRewriting rewrite_kafka_addresses(const rules::AddressMap& map, rules::KafkaTree& response);

// Replaces the addresses in the tagged fields at the end of a response. The result has the same
// size, since the length in front of the response has been forwarded. If another address takes more
// bytes, the field becomes an unknown one, which clients skip (KIP-482). They then ask for
// metadata, as they do with a broker that gives no endpoints. Returns `tail` if no address is
// replaced.
codecs::Bytes rewrite_kafka_tail(const rules::AddressMap& map, const rules::KafkaApi& api,
                                 std::int16_t version, ByteView tail);

}  // namespace brownout::codecs
