// Functions that replace the server addresses in messages of a Redis server: the errors MOVED and
// ASK; replies to SENTINEL and to CLUSTER SLOTS, SHARDS, NODES and REPLICAS; and messages that a
// Sentinel publishes.
//
// Source: redis.io, Redis cluster specification and High availability with Redis Sentinel. At most
// kMostRedisLeaves values of a reply are examined. Pure; any thread.
#pragma once

#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/schema/address_map.h"

namespace brownout::codecs {

// Whether a reply to the command, other than an error, may name servers.
bool names_redis_servers(std::string_view command);

// Returns the reply with replaced addresses; empty if there is nothing to replace.
Bytes rewrite_redis_addresses(const rules::AddressMap& map, ByteView reply);

}  // namespace brownout::codecs
