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

extern const FaultKind kRedisMisconf = describe<RedisErrorFault<RedisMisconf>>(redis_error_kind(
    "redis_misconf",
    "PING and commands that write get the error MISCONF, because the server cannot save its data "
    "to disk. Reading works.",
    "reports that writes fail, continues to read, and treats the server as unhealthy",
    "redis.conf, stop-writes-on-bgsave-error; server.c, processCommand()"));

}  // namespace brownout::rules
