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

extern const FaultKind kRedisOom = describe<RedisErrorFault<RedisOom>>(
    redis_error_kind("redis_oom",
                     "Commands that may take memory get the error OOM; reading and deleting still "
                     "work. A correct client reports to its caller that nothing was written, works "
                     "without the cache where it can, and does not retry at once.",
                     "redis.io, Key eviction; COMMAND (flag denyoom)"));

}  // namespace brownout::rules
