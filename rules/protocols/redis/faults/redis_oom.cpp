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
                     "The server has reached its memory limit. Commands that may need memory get "
                     "the error OOM. Reading and deleting work.",
                     "reports that nothing was written, does not retry at once, and continues "
                     "without the cache where it can",
                     "redis.io, Key eviction and COMMAND (flag denyoom); redis.conf, maxmemory"));

}  // namespace brownout::rules
