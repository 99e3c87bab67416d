// Runs rehearsals with embedded servers, and returns their configurations and reports.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/formats/load_rules.h"
#include "proxy/rehearsal/embedded.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/runner.h"

namespace brownout::test {

struct Rehearsed {
  std::unique_ptr<rules::Config> config;
  rehearsal::Report report;
};

struct RehearsalSettings {
  rehearsal::Handling handling = rehearsal::Handling::kWell;
  bool ci = false;
  std::function<void(const rehearsal::Runner&)> on_tick = {};
  bool force = false;
  std::function<void(const std::string&)> on_halt = {};
  rehearsal::Pace pace = rehearsal::Pace::kReal;
};

inline Rehearsed rehearse_file(const std::string& file, const RehearsalSettings& settings = {}) {
  Rehearsed done;
  auto loaded = codecs::load_rules(file);
  if (!loaded) {
    ADD_FAILURE() << rules::render(loaded.error(), "lab", file);
    return done;
  }
  done.config = std::make_unique<rules::Config>(std::move(*loaded));
  auto servers = rehearsal::Embedded::stand_in(*done.config, settings.handling, settings.pace);
  rehearsal::RunnerOptions options;
  options.workers = 1;
  options.known_as = (*servers)->known_as();
  options.on_tick = settings.on_tick;
  options.on_halt = settings.on_halt;
  options.force = settings.force;
  auto course = rehearsal::Runner(*done.config, options).run();
  if (!course) {
    ADD_FAILURE() << course.error().what;
    return done;
  }
  done.report = rehearsal::make_report(*done.config->scenario, std::move(*course), settings.ci);
  done.report.file = file;
  done.report.started = "2026-01-01T00:00:00Z";
  return done;
}

// A rule file with listeners of several protocols. Rehearsals with this file run in virtual time by
// default.
inline const std::string kLabFile = R"(
version = 1
seed = 5
[scenario]
name = "lab"
time_scale = "60x"
steady = { availability = "100%", for = "30s" }
[[zone]]
name = "zone"
records = ["chat.example.org. 60 IN A 127.0.0.1"]
[[upstream]]
name = "servers"
servers = ["127.0.0.1:7001", "127.0.0.1:7002"]
retry_after = "100ms"
[[upstream]]
name = "others"
servers = ["127.0.0.1:7003"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:7053"
zone = "zone"
[[listener]]
name = "chat"
listen = "127.0.0.1:7010"
upstream = "servers"
[[listener]]
name = "web"
protocol = "http"
listen = "127.0.0.1:7011"
upstream = "servers"
[[listener]]
name = "socket"
protocol = "websocket"
listen = "127.0.0.1:7012"
upstream = "servers"
[[listener]]
name = "secure"
listen = "127.0.0.1:7013"
upstream = "servers"
tls = { ca = "ca" }
[[listener]]
name = "standby"
listen = "127.0.0.1:7020"
upstream = "others"
)";

inline Rehearsed rehearse(const std::string& text,
                          rehearsal::Handling handling = rehearsal::Handling::kWell,
                          bool ci = false,
                          const std::function<void(const rehearsal::Runner&)>& on_tick = {},
                          bool force = false) {
  return rehearse_file(kLabFile + text,
                       {handling, ci, on_tick, force, {}, rehearsal::Pace::kVirtual});
}

// A phase without faults.
inline std::string calm(const std::string& time) {
  return "[[phase]]\nname = \"calm\"\nfor = \"" + time + "\"\n";
}
// An outage in which the rule "gone" is active, then a recovery phase. `between` adds phases
// between them.
inline std::string outage_and_recovery(const std::string& outage, const std::string& after,
                                       const std::string& between = {}) {
  return "[[phase]]\nname = \"outage\"\nfor = \"" + outage + "\"\nrules = [\"gone\"]\n" + between +
         "[[phase]]\nname = \"after\"\nfor = \"" + after + "\"\nrecovery = true\n";
}
inline const std::string kChatIsGone = R"(
[[rule]]
name = "gone"
match = { listener = "chat" }
fault = { type = "reset" }
)";
// A single user of the listener "chat" with a short time-out.
inline const std::string kHastyUser = R"(
[[probe]]
name = "p"
every = "3s"
timeout = "200ms"
endpoints = ["chat"]
)";

// Runs the rehearsal even if the steady state is not met beforehand (option --force).
inline Rehearsed rehearse_all_the_same(const std::string& text) {
  return rehearse(text, rehearsal::Handling::kWell, false, {}, true);
}

// Whether all expectations were met. Adds a test failure for each other one.
inline bool all_met(const rehearsal::Report& report) {
  bool met = true;
  for (const auto& verdict : report.verdicts) {
    met = met && verdict.met;
    if (!verdict.met) ADD_FAILURE() << verdict.wanted << ": " << verdict.evidence;
  }
  return met;
}

// Rehearses in virtual time, and sends the signals to the test process, `apart` from each other in
// scenario time. `said`, if given, receives the runner's messages about the signals.
inline Rehearsed rehearse_with_signals(const std::string& text, const std::vector<int>& signals,
                                       std::chrono::seconds apart, std::string* said = nullptr) {
  std::size_t sent = 0;
  RehearsalSettings settings{.pace = rehearsal::Pace::kVirtual};
  settings.on_tick = [&](const rehearsal::Runner& runner) {
    if (sent == signals.size()) return;
    if (runner.now() > static_cast<int>(sent + 1) * apart) ::raise(signals[sent++]);
  };
  settings.on_halt = [&](const std::string& what) {
    if (said != nullptr) *said += what + "\n";
  };
  return rehearse_file(kLabFile + text, settings);
}

// Rehearses in real time, for users whose client library waits in real time, or for comparison.
inline Rehearsed rehearse_in_real_time(const std::string& text, bool force = false) {
  return rehearse_file(kLabFile + text, {.force = force});
}

}  // namespace brownout::test
