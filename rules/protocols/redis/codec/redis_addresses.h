// Functions that replace the server addresses in Redis replies: in MOVED and ASK, in replies to
// CLUSTER SLOTS, SHARDS, NODES and REPLICAS and to SENTINEL, and in the messages that a Sentinel
// publishes.
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
