#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisNoauth {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (has_redis_flag(command, kRedisUnauthenticated)) return std::nullopt;
    return "NOAUTH Authentication required.";
  }
};

}  // namespace

extern const FaultKind kRedisNoauth = describe<RedisErrorFault<RedisNoauth>>(
    redis_error_kind("redis_noauth",
                     "All commands except AUTH, HELLO, RESET and QUIT get the error NOAUTH, as "
                     "after a change of the server's configuration.",
                     "authenticates before it repeats the command, on this connection or a new "
                     "one, or reports that its credentials are missing",
                     "redis.io, Security (Authentication) and COMMAND (flag no_auth)"));

}  // namespace brownout::rules
