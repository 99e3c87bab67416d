// redis_busy: a script runs for longer than busy-reply-threshold, which blocks all other commands.
#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisBusy {
  std::optional<std::string> operator()(const RedisCommand& command) const {
    if (has_redis_flag(command, kRedisWhileBusy)) return std::nullopt;
    return "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
  }
};

}  // namespace

extern const FaultKind kRedisBusy = describe<RedisErrorFault<RedisBusy>>(
    redis_error_kind("redis_busy",
                     "The server answers BUSY to all commands except SCRIPT KILL, FUNCTION KILL, "
                     "AUTH, HELLO, MULTI and similar ones. A correct client retries with "
                     "increasing delays, and opens no further connections meanwhile.",
                     "redis.io, EVAL (Maximum execution time) and COMMAND (flag allow-busy)"));

}  // namespace brownout::rules
