// redis_moved: a node of a cluster says that the slot of a key is another node's. Where two
// listeners say so of each other, or one of itself, the client goes round in circles.
#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisMovedSettings {
  Endpoint address;
};

class RedisMoved final : public Fault {
 public:
  using Settings = RedisMovedSettings;
  explicit RedisMoved(const Settings& settings) : address_(redis_address(settings.address)) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("address", &Settings::address,
              "where the client is sent; its own listener's makes a loop, as \"127.0.0.1:7001\"",
              {.required = true}),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_redis_address(settings.address, position_of(table, "address"), problems);
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return redis_error_stage(context, [address = address_](const RedisCommand& command) {
      return redis_redirection(command, "MOVED", address);
    });
  }

 private:
  std::string address_;
};

}  // namespace

extern const FaultKind kRedisMoved = describe<RedisMoved>(
    redis_error_kind("redis_moved",
                     "Commands with keys are answered MOVED, with the slot of the first key and an "
                     "address. A correct client goes there and learns the slots anew; it follows a "
                     "bounded number of redirections for a command, then waits, and fails.",
                     "redis.io, Redis cluster specification (MOVED Redirection)"));

}  // namespace brownout::rules
