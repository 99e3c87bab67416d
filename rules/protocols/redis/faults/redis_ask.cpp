// redis_ask: a cluster node migrates a slot, and redirects the client to the other node for this
// command only. Two listeners that refer to each other make a redirection loop.
#include "rules/protocols/redis/faults/redis_redirection_fault.h"

namespace brownout::rules {
namespace {

class RedisAsk final : public RedisRedirectionFault {
 public:
  explicit RedisAsk(const Settings& settings) : RedisRedirectionFault(settings, "ASK") {}
};

}  // namespace

extern const FaultKind kRedisAsk = describe<RedisAsk>(redis_error_kind(
    "redis_ask",
    "Commands with keys get the error ASK, with the slot of the first key and an address. A "
    "correct client sends ASKING and the command to that address, and keeps its map of the slots; "
    "it follows a bounded number of redirections for a command.",
    "redis.io, Redis cluster specification (ASK Redirection)"));

}  // namespace brownout::rules
