#include "proxy/cli/ctl_options.h"

#include <CLI/CLI.hpp>

#include "proxy/cli/output_option.h"
#include "proxy/cli/why_options.h"

namespace brownout::cli {
namespace {

struct CtlRun {
  CtlOptions& options;
  int& exit_code;
};

void add_ctl_command(CLI::App& parent, CtlRun run, const char* name, const char* about,
                     const char* object = nullptr, bool needed = true) {
  auto* command = parent.add_subcommand(name, about);
  if (object != nullptr) command->add_option("name", run.options.name, object)->required(needed);
  command->callback([run, name] {
    run.options.command = name;
    run.exit_code = ctl(run.options);
  });
}

}  // namespace

void add_ctl(CLI::App& app, CtlOptions& options, int& exit_code) {
  const CtlRun run{options, exit_code};
  auto* parent = app.add_subcommand("ctl", "Watch and change a running proxy");
  parent->require_subcommand(1);
  parent->fallthrough();
  parent->add_option("--url", options.url,
                     "the URL of the API (BROWNOUT_URL, TOXIPROXY_URL, or http://127.0.0.1:8474); "
                     "unix:/path for an --api-socket");
  parent->add_option("--token-file", options.token_file,
                     "the file with the API's token (or the token itself in BROWNOUT_TOKEN or "
                     "TOXIPROXY_AUTH_TOKEN)");
  parent->add_option("--ca", options.ca, "PEM file of the CA that signed the API's certificate");
  parent->add_option(
      "--lease", options.lease,
      "the id of a lease of the API; Brownout undoes the change when the lease lapses");
  add_output(*parent, options.output);
  parent->add_flag("--json", options.json,
                   "print JSON; the default when standard output is not a terminal");
  add_ctl_command(*parent, run, "status", "the proxy's current state");
  add_ctl_command(*parent, run, "top", "traffic and rules, refreshed every second");
  add_ctl_command(*parent, run, "rules", "all rules and their counters");
  add_ctl_command(*parent, run, "listeners", "all listeners and their traffic");
  add_ctl_command(*parent, run, "flows", "connections and UDP sessions");
  add_ctl_command(
      *parent, run, "why",
      "what rules did, newest first; with --listener also what each rule would do next, and why");
  add_why_options(*parent->get_subcommand("why"), options);
  add_ctl_command(*parent, run, "watch", "print faults, connections and changes as they happen");
  add_ctl_command(*parent, run, "halt", "switch all faults off at once, on open connections too");
  add_ctl_command(*parent, run, "resume", "switch the faults on again after halt");
  add_ctl_command(*parent, run, "rm", "delete a rule", "the rule");
  add_ctl_command(*parent, run, "enable", "switch a rule on", "the rule");
  add_ctl_command(*parent, run, "disable", "switch a rule off", "the rule");
  add_ctl_command(*parent, run, "recount",
                  "restart the count of a rule's matches at 1 (for first, after and every)",
                  "the rule");
  add_ctl_command(*parent, run, "reset", "undo changes of the API: restore the rule file's state",
                  "the rule, listener, upstream or other table to restore; left out, all of them",
                  false);
  add_ctl_command(*parent, run, "cut", "reset a connection", "the flow, e.g. chat#3");
  auto* add =
      parent->add_subcommand("add", "add a rule, e.g. add latency delay=300ms --listener chat");
  add->add_option("fault", options.keys, "the fault's type, then key=value")->required();
  add->add_option("--name", options.name, "the name of the rule");
  add->add_option("--listener", options.listener, "match connections of this listener only");
  add->add_option("--client", options.client, "match these clients only, e.g. 10.1.0.0/16");
  add->add_option("--direction", options.direction,
                  "only traffic to the server (upstream) or to the client (downstream)");
  add->add_option("--probability", options.probability, "e.g. 20%");
  add->add_option("--for", options.duration,
                  "how long the rule is active, e.g. 5m; left out, until it is deleted");
  add->callback([run] {
    run.options.command = "add";
    run.exit_code = ctl(run.options);
  });
}

}  // namespace brownout::cli
