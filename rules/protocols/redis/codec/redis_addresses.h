// Addresses that servers of Redis name, rewritten: in MOVED and ASK, in what CLUSTER SLOTS, SHARDS,
// NODES and REPLICAS and the SENTINEL commands answer, and in what a Sentinel publishes.
//
// redis.io, Redis cluster specification and High availability with Redis Sentinel. Of a reply at
// most kMostRedisLeaves values are looked at.
#pragma once

#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/schema/address_map.h"

namespace brownout::codecs {

// Whether the reply to such a command may name servers, beside its being an error.
bool names_redis_servers(std::string_view command);

// The reply with other addresses, or empty where it has none to rewrite.
Bytes rewrite_redis_addresses(const rules::AddressMap& map, ByteView reply);

}  // namespace brownout::codecs
