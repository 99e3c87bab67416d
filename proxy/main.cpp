#include <CLI/CLI.hpp>

#include "proxy/cli/commands.h"

int main(int argc, char** argv) {
  using namespace brownout::cli;
  CLI::App app("Brownout makes the network fail on purpose, by rule, to rehearse an outage.",
               "brownout");
  app.set_version_flag("--version", "brownout " BROWNOUT_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  int exit_code = 0;
  add_run(app, exit_code);
  add_check(app, exit_code);
  add_explain(app, exit_code);
  add_verify(app, exit_code);
  add_demo(app, exit_code);
  add_reference(app, exit_code);
  add_generate(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return exit_code;
}
