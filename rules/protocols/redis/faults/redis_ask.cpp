// redis_ask: a node of a cluster gives a slot away, and sends the client to the other one for this
// command alone. Where two listeners say so of each other, the client goes round in circles.
#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {
namespace {

struct RedisAskSettings {
  Endpoint address;
};

class RedisAsk final : public Fault {
 public:
  using Settings = RedisAskSettings;
  explicit RedisAsk(const Settings& settings) : address_(redis_address(settings.address)) {}

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
      return redis_redirection(command, "ASK", address);
    });
  }

 private:
  std::string address_;
};

}  // namespace

extern const FaultKind kRedisAsk = describe<RedisAsk>(
    redis_error_kind("redis_ask",
                     "Commands with keys are answered ASK, with the slot of the first key and an "
                     "address. A correct client sends ASKING and the command there, and keeps its "
                     "map of the slots; it follows a bounded number of redirections for a command.",
                     "redis.io, Redis cluster specification (ASK Redirection)"));

}  // namespace brownout::rules
