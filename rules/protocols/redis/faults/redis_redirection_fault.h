// RedisRedirectionFault is the base class of redis_moved and redis_ask: a cluster node redirects
// the client to another address. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/protocols/redis/faults/redis_error_fault.h"

namespace brownout::rules {

struct RedisRedirectionSettings {
  Endpoint address;
};

class RedisRedirectionFault : public Fault {
 public:
  using Settings = RedisRedirectionSettings;
  // `kind` is the first word of the error, MOVED or ASK. It must be a string literal.
  RedisRedirectionFault(const Settings& settings, std::string_view kind)
      : kind_(kind), address_(redis_address(settings.address)) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("address", &Settings::address,
              "address in the error, e.g. \"127.0.0.1:7001\"; the listener's own address, or two "
              "listeners that name each other, cause a redirection loop",
              {.required = true}),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_redis_address(settings.address, position_of(table, "address"), problems);
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return redis_error_stage(context,
                             [kind = kind_, address = address_](const RedisCommand& command) {
                               return redis_redirection(command, kind, address);
                             });
  }

 private:
  std::string_view kind_;
  std::string address_;
};

}  // namespace brownout::rules
