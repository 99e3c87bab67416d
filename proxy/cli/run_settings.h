// Checks the options of `run`, and converts them from text to values.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/cli/commands.h"
#include "proxy/cli/run_expectations.h"
#include "proxy/control/live_config.h"
#include "rules/base/instant.h"
#include "rules/language/config.h"

namespace brownout::cli {

struct RunSettings {
  rules::Duration drain{};                // time that open connections get to end
  std::optional<rules::Duration> length;  // how long to run; empty: until a signal
  proxy::LiveOptions live;
  std::optional<std::string> toxiproxy_text;      // contents of the file toxiproxy_config, if given
  std::unique_ptr<RunExpectations> expectations;  // null without --expect
};

// Reads the options. Prints an error and returns nothing if an option has an error. `config` is the
// rule file.
std::optional<RunSettings> read_settings(const RunOptions& options, const rules::Config& config);

}  // namespace brownout::cli
