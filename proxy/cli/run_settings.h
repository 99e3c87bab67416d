// The options of `run` as values, checked.
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
  rules::Duration drain{};
  std::optional<rules::Duration> length;  // none: until a signal
  proxy::LiveOptions live;
  std::optional<std::string> toxiproxy_text;
  std::unique_ptr<RunExpectations> expectations;  // null: none
};

// Prints each mistake, and returns none if there is any. `config` is the rule file.
std::optional<RunSettings> read_settings(const RunOptions& options, const rules::Config& config);

}  // namespace brownout::cli
