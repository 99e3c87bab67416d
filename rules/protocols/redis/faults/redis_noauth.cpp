// redis_noauth: the server requires authentication that the connection lacks: the configuration has
// changed, or the client did not authenticate again after a reconnect.
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

extern const FaultKind kRedisNoauth = describe<RedisErrorFault<RedisNoauth>>(redis_error_kind(
    "redis_noauth",
    "The server answers NOAUTH to all commands except AUTH, HELLO, RESET and QUIT. A correct "
    "client authenticates again, on this connection or a new one, or reports that its credentials "
    "are missing; it does not repeat the same command.",
    "redis.io, Security (Authentication); COMMAND (flag no-auth)"));

}  // namespace brownout::rules
