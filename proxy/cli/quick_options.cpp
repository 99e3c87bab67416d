#include "proxy/cli/quick_options.h"

#include <CLI/CLI.hpp>

namespace brownout::cli {

void add_quick_options(CLI::App& command, CLI::Option& path, QuickFile& file) {
  command
      .add_option("--listen", file.listen, "instead of a file: where clients connect, e.g. 5433")
      ->excludes(&path);
  command
      .add_option(
          "--to", file.to,
          "the server to forward to, e.g. 127.0.0.1:5432; repeat the option for standby servers")
      ->excludes(&path)
      ->expected(1)
      ->take_all();
  command.add_option("--protocol", file.protocol, "the protocol of --listen (tcp)")
      ->excludes(&path);
  command
      .add_option("--fault", file.faults,
                  "a fault and its settings, e.g. 'latency delay=300ms', or a preset, e.g. 'preset "
                  "3g'; may be repeated")
      ->excludes(&path)
      ->expected(1)
      ->take_all();
}

}  // namespace brownout::cli
