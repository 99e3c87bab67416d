// redis_loading: the server has just started and loads its dataset from disk. It accepts
// connections, and refuses most commands.
#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisLoading {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (has_redis_flag(command, kRedisWhileLoading)) return std::nullopt;
    return "LOADING Redis is loading the dataset in memory";
  }
};

}  // namespace

extern const FaultKind kRedisLoading = describe<RedisErrorFault<RedisLoading>>(redis_error_kind(
    "redis_loading",
    "The server answers LOADING to PING and to all commands that need data; AUTH, HELLO, INFO, "
    "SELECT, SUBSCRIBE and the like work. A correct client retries with increasing delays, or uses "
    "another server; it does not treat the connection as ready.",
    "redis.io, INFO (loading) and COMMAND (flag loading); server.c, processCommand()"));

}  // namespace brownout::rules
