// redis_oom: the server has reached its memory limit (maxmemory with noeviction) and refuses
// commands that may need more.
#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisOom {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (!has_redis_flag(command, kRedisGrows)) return std::nullopt;
    return "OOM command not allowed when used memory > 'maxmemory'.";
  }
};

}  // namespace

extern const FaultKind kRedisOom = describe<RedisErrorFault<RedisOom>>(redis_error_kind(
    "redis_oom",
    "Commands that may take memory are answered OOM; reading and deleting go on. A correct client "
    "tells its caller that nothing was written, and serves what it can without the cache; it does "
    "not try again at once.",
    "redis.io, Key eviction; COMMAND (flag denyoom)"));

}  // namespace brownout::rules
