#include "proxy/cli/init_options.h"

#include <CLI/CLI.hpp>

#include "proxy/draft/sources.h"

namespace brownout::cli {

void add_init(CLI::App& app, InitOptions& options, int& exit_code) {
  auto* command = app.add_subcommand(
      "init",
      "Write a first rule file with comments: from three questions, from recorded flows, from the "
      "connections of a command, or from the configuration of another tool");
  command->add_option("file", options.path, "the new file; left out, standard output");
  command->add_flag("--force", options.force, "overwrite an existing file");
  command->add_flag("--yes", options.yes, "ask no questions: use the options and the defaults");
  command->add_option("--listen", options.listen, "where clients connect, e.g. 5433");
  command
      ->add_option(
          "--to", options.to,
          "where the server is, e.g. 127.0.0.1:5432; repeat the option for standby servers")
      ->expected(1)
      ->take_all();
  command->add_option("--protocol", options.protocol, "the protocol of the clients (tcp)");
  auto* from =
      command->add_option("--from", options.from,
                          "make the rules from this file: the output of brownout run --flows, "
                          "Toxiproxy's configuration, tc commands with netem, or Envoy's "
                          "configuration with a fault filter; - is standard input");
  command
      ->add_option("--format", options.format,
                   "the kind of the file of --from, if init does not recognise it by its content")
      ->needs(from)
      ->check(CLI::IsMember(draft::source_names()));
  auto* from_exec = command->add_flag("--from-exec", options.from_exec,
                                      "run the command after -- without faults, and make the rules "
                                      "from the connections that it opens");
  auto* preset = command->add_option("--preset", options.preset,
                                     "messaging-outage, or a simulated network: 3g, edge ...");
  from->excludes(from_exec)->excludes(preset);
  from_exec->excludes(preset);
  command->callback([&options, &exit_code] { exit_code = init(options); });
}

}  // namespace brownout::cli
