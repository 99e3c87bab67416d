// redis_clusterdown: a cluster node serves no keys, because a slot has no owner or most primaries
// are unreachable.
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

extern const FaultKind kRedisClusterdown = describe<
    RedisErrorFault<RedisClusterdown>>(redis_error_kind(
    "redis_clusterdown",
    "Commands with keys get the error CLUSTERDOWN. A correct client retries with increasing "
    "delays, and reloads the slots; after a bounded number of attempts it reports an error.",
    "redis.io, Redis cluster specification (Fault tolerance) and cluster-require-full-coverage of "
    "redis.conf"));

}  // namespace brownout::rules
