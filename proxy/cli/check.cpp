// brownout check: every mistake in a rule file.
#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"

namespace brownout::cli {

void add_check(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("check", "Find every mistake in a rule file");
  auto path = std::make_shared<std::string>();
  command->add_option("rules", *path, "the rule file (TOML)")->required();
  command->callback([path, &exit_code] {
    const auto config = load(*path);
    if (!config) {
      exit_code = kBadInput;
      return;
    }
    const auto count = [](std::size_t n, std::string_view what) {
      return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    fmt::print("{}: ok: {}, {}, {}\n", *path, count(config->listeners.size(), "listener"),
               count(config->upstreams.size(), "upstream"), count(config->rules.size(), "rule"));
  });
}

}  // namespace brownout::cli
