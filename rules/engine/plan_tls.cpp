#include "rules/engine/plan_tls.h"

#include <algorithm>

#include "rules/engine/plan.h"
#include "rules/engine/plan_http.h"

namespace brownout::rules {
namespace {

// Whether the client offers protocols by ALPN, but no version of HTTP that the proxy speaks.
bool offers_no_http(const ClientHello& hello) {
  return !hello.alpn.empty() &&
         std::none_of(hello.alpn.begin(), hello.alpn.end(), [](const auto& protocol) {
           return protocol == "h2" || protocol == "http/1.1" || protocol == "http/1.0";
         });
}

// Whether the rule's match can select the connection. Before the ClientHello has arrived
// (`flow.hello` is null), keys that depend on it count as matching.
bool admits(const Match& match, const FlowFacts& flow) {
  std::string_view key;
  if (match.matches_connection(flow, &key)) return true;
  if (flow.hello != nullptr) return false;
  return key == "hello" || (key == "host" && !flow.names);
}

RuleRef first_meaning(const RuleSet& set, const FlowFacts& flow, Protocol inside) {
  RuleRef found;
  set.for_each_candidate(flow, [&](const RuleRef& rule) {
    if (!found && acts_inside_tls(*rule, inside) && admits(rule->match, flow)) found = rule;
  });
  return found;
}

}  // namespace

bool acts_inside_tls(const Rule& rule, Protocol inside) {
  if (rule.probability.parts_per_billion == 0 || rule.match.is_for_dns()) return false;
  if (rule.kind->terminated) return true;
  const auto acting = rule.acting();
  // A fault that can also act on bytes does so on the encrypted bytes, unless a key of the match
  // needs decryption.
  const bool outside = acting.has(Carrier::kStream);
  if (!inside.messages().empty() && acting.has(Carrier::kMessage) && !outside &&
      acts_on_messages(rule, inside.messages())) {
    return !rule.match.is_for_messages() || !(rule.match.protocols() & inside.messages()).empty();
  }
  const bool requests = inside.has_requests() && acting.has(Carrier::kHttp) &&
                        acts_on_requests(rule, inside.messages());
  return requests && (rule.match.is_for_http() || rule.per == Per::kRequest || !outside);
}

TlsPlan plan_tls(const RuleSet& set, const FlowFacts& flow, Protocol inside) {
  TlsPlan plan;
  plan.rule = first_meaning(set, flow, inside);
  plan.foreign = inside.has_requests() && flow.hello != nullptr && offers_no_http(*flow.hello);
  return plan;
}

bool may_decrypt(const RuleSet& set, const FlowFacts& flow, Protocol inside) {
  return first_meaning(set, flow, inside) != nullptr;
}

std::string to_text(const TlsPlan& plan) {
  if (!plan.rule)
    return "passes through encrypted: no rule on requests or messages inside TLS matches this host";
  const auto named = in_quotes(plan.rule->name);
  if (plan.foreign) {
    return "passes through encrypted, although rule " + named +
           " matches this host: the client offers neither HTTP/2 nor HTTP/1 (ALPN)";
  }
  return "is decrypted: rule " + named + " acts inside TLS and matches this host";
}

}  // namespace brownout::rules
