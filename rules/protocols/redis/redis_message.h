// A Redis message in the form that rules match: a command, or a reply together with its command.
//
// The payload is the value that a command writes, publishes or echoes, the text of a reply that is
// one string, or the published data. All other messages have an empty payload.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rules/message/message_protocol.h"
#include "rules/protocols/redis/redis.h"

namespace brownout::rules {

// Position of the payload in the message as it arrived.
struct RedisValue {
  char sign = 0;         // type on the wire: '$', '=', '!', '+', '-'; 'i' in an inline command
  std::size_t head = 0;  // offset of the sign; in an inline command the index of the word
  std::size_t body = 0;
  std::size_t size = 0;
};

struct RedisMessage final : MessageView {
  static const MessageProtocol& protocol();

  // The command, or for a reply the command that it answers. Null for pushes, and if unknown.
  std::shared_ptr<const RedisCommand> command = {};
  std::optional<RedisReply> reply = {};       // none: the message is the command
  std::optional<std::string> channel = {};    // channel of a pub/sub message or confirmation
  std::optional<std::int64_t> database = {};  // none for messages without a command
  bool last = true;                           // the last reply to its command
  std::optional<RedisValue> value = {};

  std::size_t memory() const override;
  bool is_push() const { return reply && reply->type == RedisType::kPush; }
};

// The command, if a rule can answer it in place of the server. Null if the chunk is not a command,
// or if the command expects no reply.
const RedisMessage* redis_request_of(const Chunk& chunk);
// A chunk with an error reply to a command: "READONLY You can't write ...".
Chunk redis_error(const RedisMessage& asked, std::string text);

// Default error text of `reject`.
inline constexpr std::string_view kRedisRefusal = "ERR refused";
// Default prefix of the keys and channels of synthetic users.
inline constexpr std::string_view kUsersKeyPrefix = "brownout";

}  // namespace brownout::rules
