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
    "The server answers LOADING, PING too, to all but what needs no data (AUTH, HELLO, INFO, "
    "SELECT, SUBSCRIBE and the like). A correct client waits and tries again, ever more slowly, "
    "or asks another server; it takes the connection for no ready one.",
    "redis.io, INFO (loading) and COMMAND (flag loading); server.c, processCommand()"));

}  // namespace brownout::rules
