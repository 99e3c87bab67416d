// Converts the values that RedisScan found into commands and replies, and writes values that a rule
// has changed or made.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::codecs {

using RedisParts = std::span<const RedisPart>;

// `wire` is the whole command, or empty if it was not kept; then only the beginnings of long words
// are available. Keys and channels are filled only if `whole`, or if the command blocks.
rules::RedisCommand read_redis_command(RedisParts parts, ByteView wire, bool whole = true);
// The properties of a command with a name of one word; those of an unknown command otherwise.
const rules::RedisCommandRow& redis_row_of(RedisParts parts);
std::optional<rules::RedisValue> value_of_redis_command(const rules::RedisCommand& command,
                                                        RedisParts parts);
rules::RedisReply read_redis_reply(RedisParts parts, bool push);
// `message`: the reply is a published pub/sub message.
std::optional<rules::RedisValue> value_of_redis_reply(RedisParts parts, bool message);
// The bytes of the value; empty for an inline command.
ByteView payload_of_redis(const rules::RedisValue& value, ByteView wire);

// The message with another value; the rest stays as it arrived.
Bytes write_redis_value(const rules::RedisValue& value, ByteView wire, ByteView payload);
Bytes write_redis_reply(const rules::RedisReply& reply);

}  // namespace brownout::codecs
