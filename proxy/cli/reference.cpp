// brownout reference: the reference page of the rule file.
#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "rules/reference.h"

namespace brownout::cli {

void add_reference(CLI::App& app, int& /*exit_code*/) {
  auto* command =
      app.add_subcommand("reference", "Print the reference page of the rule file (Markdown)");
  command->callback([] { fmt::print("{}", rules::reference_page()); });
}

}  // namespace brownout::cli
