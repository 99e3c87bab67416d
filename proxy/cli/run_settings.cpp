#include "proxy/cli/run_settings.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "proxy/cli/rule_file.h"
#include "proxy/observe/console.h"
#include "rules/base/diagnostics.h"
#include "rules/base/units.h"

namespace brownout::cli {
namespace {

// Parses the value of an option as a duration above zero. Prints an error and returns nothing if it
// is not such a duration.
std::optional<rules::Duration> positive(std::string_view option, const std::string& text) {
  const auto value = rules::parse_duration(text);
  if (value && *value > rules::Duration::zero()) return *value;
  const auto why = value ? rules::in_quotes(text) + " must be more than 0" : value.error().what;
  proxy::print_error(
      fmt::format("error: {}: {}; give a time from 1ns to 2500000h, e.g. 10m\n", option, why));
  return std::nullopt;
}

}  // namespace

std::optional<RunSettings> read_settings(const RunOptions& options, const rules::Config& config) {
  RunSettings settings;
  const auto drain = rules::parse_duration(options.drain);
  if (!drain) {
    fmt::print(stderr, "error: --drain: {}; {}\n", drain.error().what, drain.error().hint);
    return std::nullopt;
  }
  settings.drain = *drain;
  settings.live.state_file = options.state;
  if (!options.max_fault_time.empty()) {
    const auto most = positive("--max-fault-time", options.max_fault_time);
    if (!most) return std::nullopt;
    settings.live.max_fault_time = *most;
  }
  if (!options.length.empty()) {
    settings.length = positive("--for", options.length);
    if (!settings.length) return std::nullopt;
  }
  if (!options.expect.empty()) {
    settings.expectations = RunExpectations::read(options.expect, config);
    if (!settings.expectations) return std::nullopt;
  }
  // Reading a pipe may block here: no client is served yet, and a signal still ends the process.
  if (!options.toxiproxy_config.empty()) {
    settings.toxiproxy_text = read_text(options.toxiproxy_config);
    if (!settings.toxiproxy_text) return std::nullopt;
  }
  return settings;
}

}  // namespace brownout::cli
