#include "proxy/cli/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "proxy/cli/arguments.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/end_options.h"
#include "proxy/cli/explain_options.h"
#include "proxy/cli/generate.h"
#include "proxy/cli/init_options.h"
#include "proxy/cli/parser_rehearse.h"
#include "proxy/cli/quick_options.h"
#include "proxy/cli/usage_error.h"
#include "proxy/cli/why_options.h"
#include "proxy/control/process.h"
#include "proxy/control/toxiproxy_api.h"

namespace brownout::cli {
namespace {

// The parsed options of all commands, and the exit code of the command that ran.
struct CommandLine {
  RunOptions run;
  InitOptions init;
  std::string check_path;
  bool check_for_exec = false;
  ExecOptions exec;
  InterceptOptions intercept;
  ExplainOptions explain;
  VerifyOptions verify;
  FirewallImportOptions firewall_import;
  FirewallDiffOptions firewall_diff;
  std::string ca_folder = "brownout-ca";
  RehearsalLine rehearsals;
  ToxiproxyOptions toxiproxy;
  CtlOptions ctl;
  int exit_code = 0;
};

void add_run(CLI::App& app, CommandLine& line) {
  auto& options = line.run;
  options.workers = proxy::usable_processors();
  auto* command =
      app.add_subcommand("run", "Start the proxy with a rule file; reload it when it changes");
  auto* path = command->add_option("rules", options.path, "the rule file (TOML)");
  add_quick_options(*command, *path, options.quick);
  command->add_option("--workers", options.workers, "threads that serve connections (one a core)")
      ->check(CLI::Range(1, 256));
  command->add_option(
      "--events", options.events,
      "append one JSON object for every injected fault to this file; - is standard output");
  command->add_option("--otlp", options.otlp,
                      "send injected faults as spans, and metrics, to this OpenTelemetry collector "
                      "(OTLP over HTTP), e.g. http://127.0.0.1:4318");
  command->add_option("--flows", options.flows,
                      "append one JSON object for every connection and UDP session, served or "
                      "stopped by a rule, to this file, for `firewall diff`; - is standard output");
  command->add_option("--drain", options.drain,
                      "how long to wait for open connections at SIGTERM or SIGINT (3s)");
  add_end_options(*command, options);
  command->add_option("--log-level", options.log_level, "debug, info, warn, error or off")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  command->add_flag("--no-watch", options.no_watch,
                    "reload on SIGHUP only, not when the file changes");
  command->add_option("--api", options.api,
                      "where the dashboard and the API listen; off for none (127.0.0.1:8474 if it "
                      "is free)");
  command->add_option(
      "--api-socket", options.api_socket,
      "a unix socket that serves the API, too, even while the address of --api is flooded");
  command->add_option("--token-file", options.token_file,
                      "require the first line of this file as the token for the API");
  command->add_option("--api-certificate", options.api_certificate,
                      "serve the API over HTTPS with the certificate in this PEM file");
  command->add_option("--api-key", options.api_key, "the PEM file with its private key");
  command->add_option("--state", options.state,
                      "keep the API's changes in this file, so that they survive restarts");
  command->add_option("--max-fault-time", options.max_fault_time,
                      "the longest time that any rule stays on, e.g. 10m");
  command->add_option("--toxiproxy-config", options.toxiproxy_config,
                      "also serve the proxies and toxics of this Toxiproxy file (JSON)");
  command->callback([&line] { line.exit_code = run(line.run); });
}

void add_exec(CLI::App& app, CommandLine& line) {
  auto& options = line.exec;
  options.workers = proxy::usable_processors();
  auto* command = app.add_subcommand(
      "exec", "Run a command whose every connection and DNS query goes through the rules");
  command->add_option("rules", options.path, "the rule file (TOML)")->required();
  command->add_option("command", options.command, "the command and its arguments, after --")
      ->required();
  command->add_option("--workers", options.workers, "threads that serve connections (one a core)")
      ->check(CLI::Range(1, 16));
  command->add_option(
      "--events", options.events,
      "append one JSON object for every injected fault to this file; - is standard output");
  command->add_option("--log-level", options.log_level, "debug, info, warn, error or off")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  command->add_flag("--no-watch", options.no_watch, "do not reload when the file changes");
  command->add_flag("--summary", options.summary, "say at the end what each rule did");
  command->callback([&line] { line.exit_code = exec(line.exec); });
}

void add_intercept(CLI::App& app, CommandLine& line) {
  auto& options = line.intercept;
  auto* parent = app.add_subcommand(
      "intercept", "Redirect connections to the intercepting listeners of a file (nftables)");
  parent->require_subcommand(1);
  for (const auto& [action, about] :
       {std::pair{"print", "Print the rules, changing nothing"},
        std::pair{"apply", "Apply the rules in a separate table; apply again to prolong them"}}) {
    auto* command = parent->add_subcommand(action, about);
    command->add_option("rules", options.path, "the rule file (TOML)")->required();
    command->add_option("--uid", options.uids, "divert local users, by id or name");
    command->add_option("--cgroup", options.cgroups, "divert this cgroup, e.g. chat.slice");
    command->add_option("--interface", options.interfaces, "divert hosts behind it, e.g. eth1");
    command->add_option("--prefix", options.prefixes, "divert hosts with these addresses");
    command->add_option("--for", options.length,
                        "the kernel ends it after this time, even if brownout has died (10m)");
    command->callback([&line, name = std::string(action)] {
      line.intercept.action = name;
      line.exit_code = intercept(line.intercept);
    });
  }
  parent->add_subcommand("remove", "Remove the rules, if there are any")->callback([&line] {
    line.intercept.action = "remove";
    line.exit_code = intercept(line.intercept);
  });
}

void add_check(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("check", "Find every mistake in a rule file");
  command->add_option("rules", line.check_path, "the rule file (TOML)")->required();
  command->add_flag("--exec", line.check_for_exec, "read the file as brownout exec does");
  command->callback([&line] { line.exit_code = check(line.check_path, line.check_for_exec); });
}

void add_explain(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand(
      "explain", "Say which rules would act on a connection, and why the others would not");
  command->add_option("rules", line.explain.path, "the rule file (TOML)")->required();
  add_explain_options(*command, line.explain.asked);
  command->callback([&line] { line.exit_code = explain(line.explain); });
}

void add_firewall(CLI::App& app, CommandLine& line) {
  auto* firewall = app.add_subcommand("firewall", "Import a real firewall; compare two of them");
  firewall->require_subcommand(1);
  auto& from = line.firewall_import;
  auto* reader = firewall->add_subcommand(
      "import", "Turn the filter rules of nftables or iptables into a [[firewall]] list");
  reader->add_option("ruleset", from.path, "the output of nft -j list ruleset or iptables-save")
      ->required();
  reader->add_option("--chain", from.chain, "which chain, by name or hook (input)");
  reader->add_option("--name", from.name, "the name of the [[firewall]] (the chain's name)");
  reader->callback([&line] { line.exit_code = firewall_import(line.firewall_import); });
  auto& both = line.firewall_diff;
  auto* diff = firewall->add_subcommand("diff", "Say which recorded flows a change would break");
  diff->add_option("old", both.before, "a rule file (.toml) or an importable ruleset")->required();
  diff->add_option("new", both.after, "the changed rule file or ruleset")->required();
  diff->add_option("--flows", both.flows, "the output of brownout run --flows (JSON lines)")
      ->required();
  diff->add_option("--chain", both.chain, "which chain, by name or hook (input)");
  diff->callback([&line] { line.exit_code = firewall_diff(line.firewall_diff); });
}  // namespace

void add_ca(CLI::App& app, CommandLine& line) {
  auto* ca =
      app.add_subcommand("ca", "Make or show the local CA that certificates are minted from");
  ca->require_subcommand(1);
  auto* init = ca->add_subcommand("init", "Make the CA; never overwrites one");
  init->add_option("--folder", line.ca_folder, "where ca.pem and ca.key are (brownout-ca)");
  init->callback([&line] { line.exit_code = ca_init(line.ca_folder); });
  auto* show = ca->add_subcommand("show", "Show where the CA is and how to trust it");
  show->add_option("--folder", line.ca_folder, "where ca.pem and ca.key are (brownout-ca)");
  show->callback([&line] { line.exit_code = ca_show(line.ca_folder); });
}

void add_verify(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand(
      "verify",
      "Measure how exactly delays, rates and probabilities are delivered on this machine");
  command->add_flag("--quick", line.verify.quick, "a few seconds instead of half a minute");
  command->add_flag("--json", line.verify.json,
                    "for programs: milliseconds, bytes a second and shares");
  command->callback([&line] { line.exit_code = verify(line.verify); });
}

// The options of toxiproxy-server. Long options may have a single dash (arguments.h).
void add_toxiproxy(CLI::App& app, CommandLine& line) {
  auto& options = line.toxiproxy;
  options.workers = proxy::usable_processors();
  auto* command =
      app.add_subcommand("toxiproxy", "Replace toxiproxy-server: the same API and options");
  command->add_option("--host", options.host, "where the API listens")->capture_default_str();
  command->add_option("--port", options.port, "the port of the API")->capture_default_str();
  command->add_option("--config", options.config,
                      "a JSON file with proxies, which may have toxics");
  command->add_option("--seed", options.seed, "random seed; drawn and logged if omitted");
  command->add_flag("--proxy-metrics", options.proxy_metrics, "bytes of each proxy at /metrics");
  command->add_flag("--runtime-metrics", options.runtime_metrics, "process metrics at /metrics");
  command->set_version_flag("--version", "toxiproxy-server version " +
                                             std::string(toxiproxy::kToxiproxyVersion) +
                                             " (brownout " BROWNOUT_VERSION ")");
  command->callback([&line] { line.exit_code = toxiproxy(line.toxiproxy); });
}

void add_ctl_command(CLI::App& parent, CommandLine& line, const char* name, const char* about,
                     const char* object = nullptr, bool needed = true) {
  auto* command = parent.add_subcommand(name, about);
  if (object != nullptr) command->add_option("name", line.ctl.name, object)->required(needed);
  command->callback([&line, name] {
    line.ctl.command = name;
    line.exit_code = ctl(line.ctl);
  });
}

void add_ctl(CLI::App& app, CommandLine& line) {
  auto& options = line.ctl;
  auto* parent = app.add_subcommand("ctl", "Watch and change a proxy that runs");
  parent->require_subcommand(1);
  parent->fallthrough();
  parent->add_option("--url", options.url,
                     "the URL of the API (BROWNOUT_URL, TOXIPROXY_URL, or http://127.0.0.1:8474); "
                     "unix:/path for an --api-socket");
  parent->add_option("--token-file", options.token_file,
                     "the file with the API's token (or the token itself in BROWNOUT_TOKEN or "
                     "TOXIPROXY_AUTH_TOKEN)");
  parent->add_option("--ca", options.ca, "PEM file of the CA that signed the API's certificate");
  parent->add_option("--lease", options.lease,
                     "make the change under this lease: undone when the lease lapses");
  parent->add_flag("--json", options.json, "print JSON; the default unless on a terminal");
  add_ctl_command(*parent, line, "status", "the proxy's current state");
  add_ctl_command(*parent, line, "top", "listeners and rules, live");
  add_ctl_command(*parent, line, "rules", "all rules and their counters");
  add_ctl_command(*parent, line, "listeners", "all listeners and their traffic");
  add_ctl_command(*parent, line, "flows", "connections and UDP sessions");
  add_ctl_command(*parent, line, "why", "what rules did, newest first, and what they would do");
  add_why_options(*parent->get_subcommand("why"), options);
  add_ctl_command(*parent, line, "watch", "faults, connections and changes as they happen");
  add_ctl_command(*parent, line, "halt", "all faults off, now, on live connections too");
  add_ctl_command(*parent, line, "resume", "faults on again after halt");
  add_ctl_command(*parent, line, "rm", "delete a rule", "the rule");
  add_ctl_command(*parent, line, "enable", "switch a rule on", "the rule");
  add_ctl_command(*parent, line, "disable", "switch a rule off", "the rule");
  add_ctl_command(*parent, line, "recount", "count what a rule matches from 1 again", "the rule");
  add_ctl_command(*parent, line, "reset", "undo changes of the API: restore the rule file's state",
                  "the table to restore; all if omitted", false);
  add_ctl_command(*parent, line, "cut", "reset a connection", "the flow, e.g. chat#3");
  auto* add =
      parent->add_subcommand("add", "add a rule, e.g. add latency delay=300ms --listener chat");
  add->add_option("fault", options.keys, "the fault's type, then key=value")->required();
  add->add_option("--name", options.name, "the name of the rule");
  add->add_option("--listener", options.listener, "match connections of this listener only");
  add->add_option("--client", options.client, "match these clients only, e.g. 10.1.0.0/16");
  add->add_option("--direction", options.direction, "upstream or downstream");
  add->add_option("--probability", options.probability, "e.g. 20%");
  add->add_option("--for", options.duration, "how long the rule stays on, e.g. 5m");
  add->callback([&line] {
    line.ctl.command = "add";
    line.exit_code = ctl(line.ctl);
  });
}

void add_small_commands(CLI::App& app, CommandLine& line) {
  app.add_subcommand("demo", "Rehearse 4 October 2021 in twenty seconds; needs nothing")
      ->callback([&line] { line.exit_code = demo(); });
  app.add_subcommand("reference", "Print the reference page of the rule file (Markdown)")
      ->callback([&line] { line.exit_code = reference(); });
  app.add_subcommand("schema", "Print the JSON Schema of the rule file, for editors")
      ->callback([&line] { line.exit_code = schema(); });
  auto* generate = app.add_subcommand("generate", "Print the man page or a shell completion");
  generate->require_subcommand(1);
  generate->add_subcommand("man", "the man page (roff)")->callback([&app] { print_man(app); });
  generate->add_subcommand("bash", "completion for bash")->callback([&app] { print_bash(app); });
  generate->add_subcommand("zsh", "completion for zsh")->callback([&app] { print_zsh(app); });
}

}  // namespace

int parse_and_run(int argc, char** argv) {
  CLI::App app("Brownout makes the network fail on purpose, by rule, to rehearse an outage.",
               "brownout");
  app.set_version_flag("--version", "brownout " BROWNOUT_VERSION);
  app.require_subcommand(1);
  app.failure_message(usage_error);
  CommandLine line;
  auto arguments = read_arguments(argc, argv);
  line.init.command = std::move(arguments.command);
  add_init(app, line.init, line.exit_code);
  add_run(app, line);
  add_exec(app, line);
  add_intercept(app, line);
  add_check(app, line);
  add_explain(app, line);
  add_rehearse(app, line.rehearsals, line.exit_code);
  add_firewall(app, line);
  add_ca(app, line);
  add_toxiproxy(app, line);
  add_ctl(app, line);
  add_verify(app, line);
  add_small_commands(app, line);
  try {
    std::reverse(arguments.words.begin(), arguments.words.end());
    app.parse(std::move(arguments.words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return line.exit_code;
}

}  // namespace brownout::cli
