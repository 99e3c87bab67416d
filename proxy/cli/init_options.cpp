#include "proxy/cli/init_options.h"

#include <CLI/CLI.hpp>

#include "proxy/draft/sources.h"

namespace brownout::cli {

void add_init(CLI::App& app, InitOptions& options, int& exit_code) {
  auto* command = app.add_subcommand(
      "init",
      "Write a commented rule file to begin with: from three questions, from flows, from "
      "what a command does, or from the configuration of another tool");
  command->add_option("file", options.path, "the new file; left out, standard output");
  command->add_flag("--force", options.force, "overwrite the file if it exists");
  command->add_flag("--yes", options.yes, "ask nothing: take the options and the defaults");
  command->add_option("--listen", options.listen, "where clients connect, e.g. 5433");
  command
      ->add_option("--to", options.to,
                   "where the server is, e.g. 127.0.0.1:5432; repeat it for those that stand in")
      ->expected(1)
      ->take_all();
  command->add_option("--protocol", options.protocol, "what clients speak (tcp)");
  auto* from = command->add_option(
      "--from", options.from,
      "make it of this file: the output of brownout run --flows, Toxiproxy's configuration, tc "
      "commands with netem, or Envoy's configuration with a fault filter; - is standard input");
  command
      ->add_option("--format", options.format,
                   "the kind of the file of --from, if its content does not tell")
      ->needs(from)
      ->check(CLI::IsMember(draft::source_names()));
  auto* from_exec = command->add_flag(
      "--from-exec", options.from_exec,
      "run the command behind -- without faults, and make it of the connections that it opens");
  auto* preset = command->add_option("--preset", options.preset,
                                     "messaging-outage, or a simulated network: 3g, edge ...");
  from->excludes(from_exec)->excludes(preset);
  from_exec->excludes(preset);
  command->callback([&options, &exit_code] { exit_code = init(options); });
}

}  // namespace brownout::cli
