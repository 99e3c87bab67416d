#include "rules/language/decrypted.h"

#include <algorithm>

#include "rules/base/find_named.h"
#include "rules/engine/plan_tls.h"

namespace brownout::rules {

bool may_decrypt(const Config& config, const Listener& listener) {
  if (!listener.enabled || !listener.decrypts()) return false;
  return std::any_of(config.rules.begin(), config.rules.end(), [&](const Rule& rule) {
    return rule.enabled && rule.match.selects_listener(listener.name) &&
           acts_inside_tls(rule, listener.inside());
  });
}

std::string explain_tls(const Config& config, const Question& question) {
  // Removes the request from the facts, since TLS is decided at the ClientHello, before any
  // request.
  auto flow = question.flow;
  flow.http = nullptr;
  const auto* listener = find_named(config.listeners, flow.listener);
  if (listener == nullptr) return {};
  if (!listener->decrypts()) {
    const bool passes =
        listener->protocol == Protocol::kTls || listener->protocol == Protocol::kProxy;
    if (!passes) return {};
    return listener->knows_destination()
               ? "passes through encrypted: the listener has no tls = { ca = \"...\" }"
               : "passes through encrypted: protocol \"tls\" decrypts only where it intercepts";
  }
  const auto set = RuleSet::activate(config.rules, 0, Instant{});
  const auto plan = plan_tls(*set, flow, listener->inside());
  if (plan.rule && flow.hello == nullptr) {
    return "may be decrypted for rule " + in_quotes(plan.rule->name) +
           ": give --sni, or an https --url";
  }
  return to_text(plan);
}

}  // namespace brownout::rules
