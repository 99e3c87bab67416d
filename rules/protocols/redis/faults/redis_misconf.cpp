// redis_misconf: the server could not save its dataset to disk, and refuses writes
// (stop-writes-on-bgsave-error) and PING.
#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisMisconf {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (!has_redis_flag(command, kRedisWrites) && command.name != "ping") return std::nullopt;
    return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to "
           "persist "
           "to disk. Commands that may modify the data set are disabled, because this instance is "
           "configured to report errors during writes if RDB snapshotting fails "
           "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about "
           "the RDB error.";
  }
};

}  // namespace

extern const FaultKind kRedisMisconf = describe<RedisErrorFault<RedisMisconf>>(
    redis_error_kind("redis_misconf",
                     "Commands that write, and PING, get the error MISCONF: the disk is full, or "
                     "the dataset cannot be saved. A correct client reports that writes fail, "
                     "continues to read, and treats the server as unhealthy.",
                     "redis.conf, stop-writes-on-bgsave-error; server.c, processCommand()"));

}  // namespace brownout::rules
