// redis_moved: a node of a cluster says that the slot of a key is another node's. Where two
// listeners say so of each other, or one of itself, the client goes round in circles.
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
                     "Commands with keys are answered MOVED, with the slot of the first key and an "
                     "address. A correct client goes there and learns the slots anew; it follows a "
                     "bounded number of redirections for a command, then waits, and fails.",
                     "redis.io, Redis cluster specification (MOVED Redirection)"));

}  // namespace brownout::rules
