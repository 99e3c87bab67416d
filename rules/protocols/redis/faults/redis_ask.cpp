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
                     "Commands with keys get the error ASK, with the slot of the first key and an "
                     "address: a cluster node is moving the slot to that address.",
                     "sends ASKING and the command to that address, keeps its map of the slots, "
                     "and reports an error after a bounded number of redirections",
                     "redis.io, Redis cluster specification (ASK redirection)"));

}  // namespace brownout::rules
