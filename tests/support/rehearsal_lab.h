// Simulates a rehearsal in virtual time: users with real client policies, and a service whose
// availability is a function of time. Uses no sockets and no clock.
#pragma once

#include <functional>

#include "rules/language/load_toml.h"
#include "rules/rehearsal/client_policy.h"
#include "rules/rehearsal/conductor.h"
#include "rules/rehearsal/impact.h"
#include "rules/rehearsal/verdict.h"

namespace brownout::test {

using namespace std::chrono_literals;
using rules::Duration;

// A rule file with an HTTP listener and a time scale of 60x.
inline std::string outage(const std::string& text) {
  return "version = 1\n[scenario]\nname = \"lab\"\ntime_scale = \"60x\"\n[[upstream]]\nname = "
         "\"u\"\nservers = [\"127.0.0.1:1\"]\n[[listener]]\nname = \"chat\"\nlisten = "
         "\"127.0.0.1:0\"\nupstream = \"u\"\nprotocol = \"http\"\n" +
         text;
}
inline rules::Config outage_config(const std::string& text) {
  const auto source = outage(text);
  auto config = rules::load_toml(source);
  if (config) return std::move(*config);
  throw std::runtime_error(rules::render(config.error(), "outage", source));
}

// Whether an endpoint works at an instant.
using Service = std::function<bool(std::size_t endpoint, Duration at)>;

// Runs all users until the Conductor ends the rehearsal.
inline rules::Measurements rehearse(const rules::Scenario& scenario, const Service& works,
                                    rules::Conductor& conductor) {
  struct Simulated {
    std::uint32_t probe;
    std::uint32_t user;
    rules::ClientPolicy policy;
    Duration due;
  };
  std::vector<Simulated> users;
  for (std::uint32_t probe = 0; probe < scenario.probes.size(); ++probe) {
    for (std::uint32_t user = 0; user < scenario.probes[probe].users; ++user) {
      const rules::Dice dice(1, probe, user);
      users.push_back({probe, user, rules::ClientPolicy(scenario.probes[probe], dice), 0s});
    }
  }
  std::vector<rules::Operation> operations;
  while (!conductor.over()) {
    auto& next = *std::min_element(users.begin(), users.end(),
                                   [](const auto& a, const auto& b) { return a.due < b.due; });
    conductor.advance(next.due);
    if (conductor.over()) break;
    rules::Operation done;
    done.probe = next.probe;
    done.user = next.user;
    done.began = done.ended = next.due;
    auto endpoint = next.policy.begin(next.due);
    done.attempts = 0;
    while (true) {
      ++done.attempts;
      done.ok = works(endpoint, done.ended);
      if (done.ok) {
        done.endpoint = static_cast<int>(endpoint);
        done.took = 1ms;
        next.policy.succeeded(done.ended);
        break;
      }
      ++done.failed;
      done.why = "it does not work";
      const auto again = next.policy.failed();
      if (!again) break;
      endpoint = again->endpoint;
      done.ended += again->wait;
    }
    conductor.observe(done);
    operations.push_back(done);
    next.due = std::max(next.due + scenario.probes[next.probe].every, done.ended);
  }
  std::stable_sort(operations.begin(), operations.end(),
                   [](const auto& a, const auto& b) { return a.ended < b.ended; });
  rules::Measurements seen;
  seen.phases = conductor.phases();
  for (const auto& operation : operations) seen.tally.add(scenario, seen.phases, operation);
  return seen;
}

}  // namespace brownout::test
