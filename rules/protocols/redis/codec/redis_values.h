// Functions that convert the values that RedisScan has found into commands and replies, and that
// write values which a rule has changed or created. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::codecs {

using RedisParts = std::span<const RedisPart>;

// Reads the command with these parts into `command`, whose buffers are reused. `wire` holds all
// bytes of the command. If `wire` is empty, an argument that is too long for its part is cut short.
// Keys and channels are set only if `whole` is true or the command is a blocking one.
void read_redis_command(rules::RedisCommand& command, RedisParts parts, ByteView wire, bool whole);
// Returns the properties of a command whose name is one word of at most 16 characters; for other
// names, those of an unknown command.
const rules::RedisCommandRow& redis_row_of(std::string_view name);
// Returns the position of the payload of a command; no value if the command has no payload.
std::optional<rules::RedisValue> value_of_redis_command(const rules::RedisCommand& command,
                                                        RedisParts parts);
rules::RedisReply read_redis_reply(RedisParts parts, bool push);
// Returns the position of the payload of a reply; no value if the payload is not one string.
// `message` means that the reply is a published message, whose payload is its last part.
std::optional<rules::RedisValue> value_of_redis_reply(RedisParts parts, bool message);
// Returns the bytes of the value within the message; empty for an inline command.
ByteView payload_of_redis(const rules::RedisValue& value, ByteView wire);

// Returns the message with `payload` in place of the value. All other bytes stay as received.
Bytes write_redis_value(const rules::RedisValue& value, ByteView wire, ByteView payload);
Bytes write_redis_reply(const rules::RedisReply& reply);

}  // namespace brownout::codecs
