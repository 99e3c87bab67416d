// A rehearsal over real sockets, with embedded servers: its configuration and its report.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "proxy/codecs/zone_file.h"
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
};

inline Rehearsed rehearse_file(const std::string& file, const RehearsalSettings& settings = {}) {
  Rehearsed done;
  auto loaded = codecs::load_rules(file);
  if (!loaded) {
    ADD_FAILURE() << rules::render(loaded.error(), "lab", file);
    return done;
  }
  done.config = std::make_unique<rules::Config>(std::move(*loaded));
  auto servers = rehearsal::Embedded::stand_in(*done.config, settings.handling);
  rehearsal::RunnerOptions options;
  options.workers = 1;
  options.known_as = (*servers)->known_as();
  options.on_tick = settings.on_tick;
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

}  // namespace brownout::test
