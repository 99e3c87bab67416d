// RedisMessage is a Redis command, or a reply together with its command, as a message for rules.
//
// The payload of a command is the value that the command writes, publishes or echoes. The payload
// of a reply is its text, if the reply is one string. The payload of a published message is the
// published data. All other messages have an empty payload. Immutable once rules can access it; any
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rules/message/message_protocol.h"
#include "rules/protocols/redis/redis.h"

namespace brownout::rules {

// Position of the payload within the received bytes of the message.
struct RedisValue {
  char sign = 0;         // RESP type: '$', '=', '!', '+' or '-'; 'i' for an inline command
  std::size_t head = 0;  // offset of the type byte; for an inline command, index of the word
  std::size_t body = 0;  // offset of the first byte of the payload
  std::size_t size = 0;  // size of the payload in bytes
};

struct RedisMessage final : MessageView {
  static const MessageProtocol& protocol();

  // The command, or the command that a reply answers. Null if that is unknown, and for messages
  // that answer no command.
  std::shared_ptr<const RedisCommand> command = {};
  std::optional<RedisReply> reply = {};  // no value if the message is a command
  // Channel of a published message, or of the confirmation of a subscription.
  std::optional<std::string> channel = {};
  std::optional<std::int64_t> database = {};  // no value for messages without a command
  bool last = true;                           // whether no further reply to the command follows
  std::optional<RedisValue> value = {};

  std::size_t memory() const override;
  bool is_push() const { return reply && reply->type == RedisType::kPush; }
};

// Returns the command if a rule can answer it in place of the server. Returns null if the chunk is
// not a command, or if the command expects no reply.
const RedisMessage* redis_request_of(const Chunk& chunk);
// Creates a chunk with an error as the reply to the command `asked`: "READONLY You can't write
// ...".
Chunk redis_error(const RedisMessage& asked, std::string text);

// Text of the error that the fault `reject` sends by default.
inline constexpr std::string_view kRedisRefusal = "ERR refused";
// Prefix of the keys and channels of synthetic users of a rehearsal, if [[probe]] sets none.
inline constexpr std::string_view kUsersKeyPrefix = "brownout";

}  // namespace brownout::rules
