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

extern const FaultKind kRedisBusy = describe<RedisErrorFault<RedisBusy>>(redis_error_kind(
    "redis_busy",
    "A script runs for too long and blocks the server. All commands get the error BUSY, except "
    "SCRIPT KILL, FUNCTION KILL, AUTH, HELLO, MULTI and similar ones.",
    "retries with increasing delays, a bounded number of times, and opens no further connections "
    "meanwhile",
    "redis.io, BUSY error; redis.conf, busy-reply-threshold"));

}  // namespace brownout::rules
