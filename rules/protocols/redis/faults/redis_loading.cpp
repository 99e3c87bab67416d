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
    "The server has just started and loads its data from disk. PING and all commands that need "
    "data get the error LOADING. AUTH, HELLO, INFO, SELECT, SUBSCRIBE and similar commands work.",
    "does not treat the connection as ready, and retries with increasing delays or uses another "
    "server",
    "redis.io, INFO (loading) and COMMAND (flag loading); server.c, processCommand()"));

}  // namespace brownout::rules
