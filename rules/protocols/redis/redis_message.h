// A message of Redis as rules see it: a command, or a reply, which knows the command that it
// answers. The payload is the value that a command writes, publishes or echoes, the text of a reply
// that is one string, or what is published; that of all others is empty.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rules/message/message_protocol.h"
#include "rules/protocols/redis/redis.h"

namespace brownout::rules {

// Where the payload stands in the message as it came, which begins with `head`.
struct RedisValue {
  char sign = 0;         // how it is written: '$', '=', '!', '+', '-', or 'i' for an inline command
  std::size_t head = 0;  // its length, or sign; of an inline command the number of the word
  std::size_t body = 0;
  std::size_t size = 0;
};

struct RedisMessage final : MessageView {
  static const MessageProtocol& protocol();

  // The command, or what is answered; null: of a push, or it is not known.
  std::shared_ptr<const RedisCommand> command = {};
  std::optional<RedisReply> reply = {};       // none: it is the command
  std::optional<std::string> channel = {};    // of what pub/sub says by itself
  std::optional<std::int64_t> database = {};  // not known of what answers no command
  bool last = true;                           // of the replies to its command
  std::optional<RedisValue> value = {};

  std::size_t memory() const override;
  bool is_push() const { return reply && reply->type == RedisType::kPush; }
};

// The command that can be answered in place of the server, or null: what came is no command, or
// none that a reply is expected to.
const RedisMessage* redis_request_of(const Chunk& chunk);
// A reply that a rule gives to a command: "READONLY You can't write ...".
Chunk redis_error(const RedisMessage& asked, std::string text);

// What `reject` says where no other text is given.
inline constexpr std::string_view kRedisRefusal = "ERR refused";
// What the keys and channels of users begin with where no other prefix is given.
inline constexpr std::string_view kUsersKeyPrefix = "brownout";

}  // namespace brownout::rules
