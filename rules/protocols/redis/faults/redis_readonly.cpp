#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisReadonly {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (!has_redis_flag(command, kRedisWrites)) return std::nullopt;
    return "READONLY You can't write against a read only replica.";
  }
};

}  // namespace

extern const FaultKind kRedisReadonly = describe<RedisErrorFault<RedisReadonly>>(redis_error_kind(
    "redis_readonly",
    "Commands that write get the error READONLY, as from a primary that has become a replica. All "
    "other commands pass.",
    "looks up the primary again (Sentinel, DNS or a new connection), and sends its writes there",
    "redis.io, Guidelines for Redis clients with support for Redis Sentinel; redis.conf, "
    "replica-read-only"));

}  // namespace brownout::rules
