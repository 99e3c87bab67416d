#include "rules/language/warnings.h"

#include <algorithm>

#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

// gRPC's clients speak HTTP/2, whose requests are not read.
void warn_of_grpc(const Config& config, const Rule& rule, Diagnostics& warnings) {
  const auto* fault = rule.fault->http();
  if (fault == nullptr || !fault->answers_grpc()) return;
  std::vector<std::string> named;
  for (const auto& listener : config.listeners) {
    const auto& meant = rule.match.listener;
    if (!listener.protocol.has_requests()) continue;
    if (meant.empty() || std::find(meant.begin(), meant.end(), listener.name) != meant.end()) {
      named.push_back(in_quotes(listener.name));
    }
  }
  if (named.empty()) return;
  std::string names;
  for (const auto& name : named) names += (names.empty() ? "" : ", ") + name;
  warnings.add(
      rule.where,
      "rule " + in_quotes(rule.name) + ": " +
          (named.size() == 1 ? "listener " + names + " speaks" : "listeners " + names + " speak") +
          " HTTP/1 only; gRPC clients use HTTP/2, on whose requests no rule acts: this rule never "
          "meets them",
      "grpc_status is for gRPC-Web over HTTP/1; for gRPC clients choose a fault of the connection "
      "or of its bytes, e.g. \"refuse\", \"reset\" or \"latency\"");
}

// A time-out is real time, a phase is not: what hangs in one that is shorter is still waiting when
// it is over. One warning a phase.
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
                     to_text(longer->timeout) + " for an answer: what hangs in it ends after it",
                 "let `timeout` be shorter, the phase longer, or `time_scale` smaller");
  }
}

}  // namespace

void add_warnings(const Config& config, const Rule& rule, Diagnostics& warnings) {
  if (rule.fault) warn_of_grpc(config, rule, warnings);
}

Diagnostics warnings_of(const Config& config) {
  Diagnostics warnings;
  for (const auto& rule : config.rules) add_warnings(config, rule, warnings);
  if (config.scenario) warn_of_short_phases(*config.scenario, warnings);
  return warnings;
}

}  // namespace brownout::rules
