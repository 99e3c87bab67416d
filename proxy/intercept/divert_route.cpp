// Adds and removes the routing rule and route for TPROXY. Does the same as `ip rule add fwmark ...
// lookup ...` and `ip route add local default dev lo table ...`, for IPv4 and IPv6
// (linux/fib_rules.h, rtnetlink(7)).
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <cerrno>

#include "proxy/intercept/gateway.h"
#include "proxy/intercept/route_message.h"

namespace brownout::proxy {
namespace {

// Priority of the routing rule, ahead of the rule for the main table (ip-rule(8)).
constexpr std::uint32_t kRulePriority = 25199;
constexpr int kMostRules = 1000;

rules::Result<void> change(bool add) {
  for (const int family : {AF_INET, AF_INET6}) {
    RouteMessage rule(add ? RTM_NEWRULE : RTM_DELRULE, add);
    auto& head = rule.head<fib_rule_hdr>();
    head.family = static_cast<std::uint8_t>(family);
    head.action = FR_ACT_TO_TBL;
    rule.put(FRA_FWMARK, kDivertedMark);
    rule.put(FRA_TABLE, kRouteTable);
    // Gives the rule a fixed priority, so that adding it twice fails with EEXIST. Otherwise the
    // kernel would add a duplicate with a new priority.
    if (add) rule.put(FRA_PRIORITY, kRulePriority);
    RouteMessage route(add ? RTM_NEWROUTE : RTM_DELROUTE, add);
    auto& to = route.head<rtmsg>();
    to.rtm_family = static_cast<unsigned char>(family);
    to.rtm_protocol = RTPROT_BOOT;
    to.rtm_scope = RT_SCOPE_HOST;
    to.rtm_type = RTN_LOCAL;
    route.put(RTA_OIF, if_nametoindex("lo"));
    route.put(RTA_TABLE, kRouteTable);
    for (auto* message : {&rule, &route}) {
      int error = message->send();
      for (int again = 0; !add && error == 0 && again < kMostRules; ++again) {
        error = message->send();
      }
      // These errors do no harm: a rule to add is present already, a rule to remove is absent, or
      // the machine has no IPv6.
      const bool settled = error == 0 || error == EEXIST || error == ENOENT || error == ESRCH ||
                           error == EAFNOSUPPORT || error == EOPNOTSUPP;
      if (!settled) {
        auto failed = system_error(
            rules::Origin::kInternal,
            std::string("cannot ") + (add ? "add" : "remove") + " the routes for tproxy", error);
        failed.hint = "this needs root or the capability CAP_NET_ADMIN";
        return tl::unexpected(std::move(failed));
      }
    }
  }
  return {};
}

}  // namespace

rules::Result<void> add_divert_route() { return change(true); }
rules::Result<void> remove_divert_route() { return change(false); }

}  // namespace brownout::proxy
