// Commands and replies of Redis as rules see them, from what RedisScan found, and written anew
// where a rule has changed or made them.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::codecs {

using RedisParts = std::span<const RedisPart>;

// `wire` is the whole command, or empty where it was not kept: then long words are not known. With
// keys and channels only where `whole`, or where the command blocks.
rules::RedisCommand read_redis_command(RedisParts parts, ByteView wire, bool whole = true);
std::optional<rules::RedisValue> value_of_redis_command(const rules::RedisCommand& command,
                                                        RedisParts parts);
rules::RedisReply read_redis_reply(RedisParts parts, bool push);
// `message`: it is what was published.
std::optional<rules::RedisValue> value_of_redis_reply(RedisParts parts, bool message);
// Empty where the value is not in one piece on the wire.
ByteView payload_of_redis(const rules::RedisValue& value, ByteView wire);

// The message as it came, but with another value.
Bytes write_redis_value(const rules::RedisValue& value, ByteView wire, ByteView payload);
// A reply that a rule made.
Bytes write_redis_reply(const rules::RedisReply& reply);

}  // namespace brownout::codecs
