#include "rules/language/warnings.h"

#include <algorithm>

#include "rules/engine/plan.h"
#include "rules/engine/plan_http.h"

namespace brownout::rules {
namespace {

bool means(const Rule& rule, const Listener& listener) {
  return rule.enabled && rule.match.selects_listener(listener.name);
}

bool acts_on_bytes_of(const Rule& rule, const Listener& listener) {
  const bool streams = rule.kind->carries(Carrier::kStream) && listener.protocol.is_connections();
  return rule.kind->level == Level::kBytes && streams && means(rule, listener);
}

bool acts_on_messages_of(const Rule& rule, const Listener& listener) {
  const auto protocols = listener.protocol.messages();
  if (!means(rule, listener)) return false;
  if (listener.protocol.has_requests() && acts_on_requests(rule, protocols)) return true;
  return !protocols.empty() && rule.fault->acts_on(Carrier::kMessage) &&
         acts_on_messages(rule, protocols);
}

bool share_a_direction(const Rule& rule, const Rule& other) {
  return (rule.match.covers(Direction::kUpstream) && other.match.covers(Direction::kUpstream)) ||
         (rule.match.covers(Direction::kDownstream) && other.match.covers(Direction::kDownstream));
}

// `rule` acts on messages. Returns a rule on bytes that is before `rule` in the file but acts after
// it, or null if the file has no such rule. The proxy reads requests before any fault acts on
// bytes. Rules on other messages act together, at the position of the first of them
// (proxy/flow/pipe.h).
const Rule* overtaken(const Config& config, const Rule& rule, const Listener& listener) {
  if (!acts_on_messages_of(rule, listener)) return nullptr;
  bool begun = listener.protocol.has_requests();
  for (const auto& other : config.rules) {
    if (other.name == rule.name) return nullptr;
    if (!share_a_direction(rule, other)) continue;
    if (begun && acts_on_bytes_of(other, listener)) return &other;
    begun = begun || acts_on_messages_of(other, listener);
  }
  return nullptr;
}

void warn_of_order(const Config& config, const Rule& rule, Diagnostics& warnings) {
  for (const auto& listener : config.listeners) {
    const auto* behind = overtaken(config, rule, listener);
    if (behind == nullptr) continue;
    warnings.add(
        rule.where,
        "rule " + in_quotes(rule.name) + " acts before rule " + in_quotes(behind->name) +
            " at listener " + in_quotes(listener.name) + ", although it is later in the file: " +
            (listener.protocol.has_requests()
                 ? "faults on requests and messages act before faults on bytes"
                 : "all rules on messages act together, at the position of the first of them"),
        "move it before " + in_quotes(behind->name) + " in the file");
    return;
  }
}

// Warns about phases that are shorter than a time-out. Time-outs are real time, but phases are
// scaled scenario time, so an operation that hangs may still wait when its phase ends. One warning
// per phase.
void warn_of_short_phases(const Scenario& scenario, Diagnostics& warnings) {
  for (const auto& phase : scenario.phases) {
    const auto real = stretched(phase.length, 1 / scenario.time_scale);
    const auto longer =
        std::find_if(scenario.probes.begin(), scenario.probes.end(),
                     [&](const Probe& probe) { return !probe.watches && probe.timeout > real; });
    if (phase.rules.empty() || longer == scenario.probes.end()) continue;
    warnings.add(phase.where,
                 "phase " + in_quotes(phase.name) + " takes " + to_text(real) +
                     " of real time, and probe " + in_quotes(longer->name) + " waits " +
                     to_text(longer->timeout) +
                     " for an answer, so an operation that hangs ends after the phase",
                 "make `timeout` shorter, the phase longer, or `time_scale` smaller");
  }
}

}  // namespace

void add_warnings(const Config& config, const Rule& rule, Diagnostics& warnings) {
  if (!rule.fault) return;
  for (const auto& [where, what, hint] : rule.notes) {
    warnings.add(where, "rule " + in_quotes(rule.name) + ": " + what, hint);
  }
  warn_of_order(config, rule, warnings);
}

Diagnostics warnings_of(const Config& config) {
  Diagnostics warnings;
  for (const auto& rule : config.rules) add_warnings(config, rule, warnings);
  if (config.scenario) warn_of_short_phases(*config.scenario, warnings);
  return warnings;
}

}  // namespace brownout::rules
