// redis_ask: a node of a cluster gives a slot away, and sends the client to the other one for this
// command alone. Where two listeners say so of each other, the client goes round in circles.
#include "rules/protocols/redis/faults/redis_redirection_fault.h"

namespace brownout::rules {
namespace {

class RedisAsk final : public RedisRedirectionFault {
 public:
  explicit RedisAsk(const Settings& settings) : RedisRedirectionFault(settings, "ASK") {}
};

}  // namespace

extern const FaultKind kRedisAsk = describe<RedisAsk>(
    redis_error_kind("redis_ask",
                     "Commands with keys are answered ASK, with the slot of the first key and an "
                     "address. A correct client sends ASKING and the command there, and keeps its "
                     "map of the slots; it follows a bounded number of redirections for a command.",
                     "redis.io, Redis cluster specification (ASK Redirection)"));

}  // namespace brownout::rules
