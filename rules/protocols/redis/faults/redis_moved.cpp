#include "rules/protocols/redis/faults/redis_redirection_fault.h"

namespace brownout::rules {
namespace {

class RedisMoved final : public RedisRedirectionFault {
 public:
  explicit RedisMoved(const Settings& settings) : RedisRedirectionFault(settings, "MOVED") {}
};

}  // namespace

extern const FaultKind kRedisMoved = describe<RedisMoved>(
    redis_error_kind("redis_moved",
                     "Commands with keys get the error MOVED, with the slot of the first key and "
                     "an address: another cluster node owns the slot.",
                     "sends the command to that address, reloads its map of the slots, and reports "
                     "an error after a bounded number of redirections",
                     "redis.io, Redis cluster specification (MOVED Redirection)"));

}  // namespace brownout::rules
