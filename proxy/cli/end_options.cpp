#include "proxy/cli/end_options.h"

namespace brownout::cli {

void add_end_options(CLI::App& command, RunOptions& options) {
  // Refuses an empty value: `--for "$LENGTH"` with an unset variable must not make the run endless.
  command.add_option("--for", options.length, "end after this time, e.g. 1m")
      ->check([](const std::string& text) {
        return std::string(text.empty() ? "a duration is needed, e.g. 1m" : "");
      });
  command
      .add_option(
          "--expect", options.expect,
          "a condition that is checked at the end; the exit code is 1 if it is not met: 'rule_hits "
          "of \"NAME OF A RULE\" at least 1', or availability, latency_p50, latency_p99 or share "
          "at a listener: 'availability at web at least 99%'; may be repeated")
      ->allow_extra_args(false);
}

}  // namespace brownout::cli
