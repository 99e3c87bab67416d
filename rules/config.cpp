#include "rules/config.h"

namespace brownout::rules {

const Schema<Listener>& listener_schema() {
  static const Schema<Listener> schema{{
      field("name", &Listener::name, "how rules, logs and metrics call it", {.required = true}),
      field("protocol", &Listener::protocol, "how the bytes are understood"),
      field("listen", &Listener::listen,
            "where clients connect; port 0 takes a free one and logs it", {.required = true}),
      field("upstream", &Listener::upstream, "the name of the [[upstream]] to forward to",
            {.required = true}),
      field(
          "buffer", &Listener::buffer,
          "most bytes that faults may hold in one direction of a connection before reading pauses",
          {.least = Bytes{65536}}),
      field("forwarding", &Listener::forwarding,
            "how bytes that no rule touches are moved: one large buffer, or splice(2) inside the "
            "kernel"),
      field("backlog", &Listener::backlog,
            "connections that may wait to be accepted, see listen(2)", {.least = 1, .most = 65535}),
  }};
  return schema;
}

const Schema<Upstream>& upstream_schema() {
  static const Schema<Upstream> schema{{
      field("name", &Upstream::name, "how listeners refer to it", {.required = true}),
      field("servers", &Upstream::servers,
            "the servers' addresses; names are resolved at each dial", {.required = true}),
      field(
          "policy", &Upstream::policy,
          "failover takes the first that works, in order; a server that refused is tried last for "
          "`retry_after`"),
      field("connect_timeout", &Upstream::connect_timeout, "how long one dial may take",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(1)}),
      field("retry_after", &Upstream::retry_after,
            "how long a server that could not be reached counts as failed"),
  }};
  return schema;
}

}  // namespace brownout::rules
