// redis_moved: a cluster node answers that another node owns the slot of a key. Two listeners that
// refer to each other, or a listener that refers to itself, make a redirection loop.
#include "rules/protocols/redis/faults/redis_redirection_fault.h"

namespace brownout::rules {
namespace {

class RedisMoved final : public RedisRedirectionFault {
 public:
  explicit RedisMoved(const Settings& settings) : RedisRedirectionFault(settings, "MOVED") {}
};

}  // namespace

extern const FaultKind kRedisMoved = describe<RedisMoved>(redis_error_kind(
    "redis_moved",
    "Commands with keys get the error MOVED, with the slot of the first key and an address. A "
    "correct client sends the command to that address and reloads the slots; it follows a bounded "
    "number of redirections for a command, then fails.",
    "redis.io, Redis cluster specification (MOVED Redirection)"));

}  // namespace brownout::rules
