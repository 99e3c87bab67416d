#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisClusterdown {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (command.keys.empty()) return std::nullopt;
    return "CLUSTERDOWN The cluster is down";
  }
};

}  // namespace

extern const FaultKind kRedisClusterdown = describe<RedisErrorFault<RedisClusterdown>>(
    redis_error_kind("redis_clusterdown",
                     "Commands with keys get the error CLUSTERDOWN, as if a slot had no owner or "
                     "most primaries were unreachable.",
                     "reloads its map of the slots, retries with increasing delays, and reports an "
                     "error after a bounded number of attempts",
                     "redis.io, Redis cluster specification (Fault tolerance); redis.conf, "
                     "cluster-require-full-coverage"));

}  // namespace brownout::rules
