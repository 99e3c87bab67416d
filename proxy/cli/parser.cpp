#include "proxy/cli/parser.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

#include "proxy/cli/arguments.h"
#include "proxy/cli/command_tree.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/complete.h"
#include "proxy/cli/completion_scripts.h"
#include "proxy/cli/ctl_options.h"
#include "proxy/cli/end_options.h"
#include "proxy/cli/examples.h"
#include "proxy/cli/explain_options.h"
#include "proxy/cli/generate.h"
#include "proxy/cli/init_options.h"
#include "proxy/cli/output_option.h"
#include "proxy/cli/parser_rehearse.h"
#include "proxy/cli/quick_options.h"
#include "proxy/cli/usage_error.h"
#include "proxy/control/process.h"
#include "proxy/control/toxiproxy_api.h"

namespace brownout::cli {
namespace {

// The parsed options of all commands, and the exit code of the command that ran.
struct CommandLine {
  RunOptions run;
  InitOptions init;
  CheckOptions check;
  ExecOptions exec;
  InterceptOptions intercept;
  ExplainOptions explain;
  VerifyOptions verify;
  FirewallImportOptions firewall_import;
  FirewallDiffOptions firewall_diff;
  std::string ca_folder = "brownout-ca";
  std::string ca_output;
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
  command
      ->add_option("--otlp", options.otlp,
                   "send injected faults as spans, and metrics, to this OpenTelemetry collector "
                   "(OTLP over HTTP), e.g. http://127.0.0.1:4318")
      ->check([](const std::string& text) {
        return std::string(text.empty() ? "a URL is needed, e.g. http://127.0.0.1:4318" : "");
      });
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
  add_output(*command, options.output);
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
  command->add_flag("--no-watch", options.no_watch, "do not reload the rule file when it changes");
  command->add_flag("--summary", options.summary, "print at the end what each rule did");
  command->callback([&line] { line.exit_code = exec(line.exec); });
}

void add_intercept(CLI::App& app, CommandLine& line) {
  auto& options = line.intercept;
  auto* parent = app.add_subcommand(
      "intercept", "Redirect connections to the intercepting listeners of a file (nftables)");
  parent->require_subcommand(1);
  for (const auto& [action, about] :
       {std::pair{"print", "Print the nftables rules without applying them"},
        std::pair{"apply",
                  "Apply the rules in a separate nftables table; apply them again before --for "
                  "ends to prolong them"}}) {
    auto* command = parent->add_subcommand(action, about);
    command->add_option("rules", options.path, "the rule file (TOML)")->required();
    command->add_option(
        "--uid", options.uids,
        "redirect the connections of this local user: an id or a name; may be repeated");
    command->add_option(
        "--cgroup", options.cgroups,
        "redirect the connections of this cgroup, e.g. chat.slice; may be repeated");
    command->add_option("--interface", options.interfaces,
                        "redirect the connections of hosts behind this network interface, e.g. "
                        "eth1; may be repeated");
    command->add_option("--prefix", options.prefixes,
                        "redirect the connections of hosts with these addresses, e.g. 10.1.0.0/16; "
                        "may be repeated");
    command->add_option(
        "--for", options.length,
        "how long the kernel redirects connections, also when no brownout runs any more (10m)");
    add_output(*command, options.output);
    command->callback([&line, name = std::string(action)] {
      line.intercept.action = name;
      line.exit_code = intercept(line.intercept);
    });
  }
  auto* remove = parent->add_subcommand(
      "remove", "Remove the nftables rules of `intercept apply`, if there are any");
  add_output(*remove, options.output);
  remove->callback([&line] {
    line.intercept.action = "remove";
    line.exit_code = intercept(line.intercept);
  });
}

void add_check(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("check", "Find all errors in a rule file");
  command->add_option("rules", line.check.path, "the rule file (TOML)")->required();
  command->add_flag("--exec", line.check.for_exec,
                    "read the file as `brownout exec` does, which needs no [[listener]]");
  add_output(*command, line.check.output);
  command->callback([&line] { line.exit_code = check(line.check); });
}

void add_explain(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("explain",
                                     "Say which rules would act on a connection, request or "
                                     "message, and why the others would not");
  add_explain_options(*command, line.explain);
  command->callback([&line] { line.exit_code = explain(line.explain); });
}

void add_firewall(CLI::App& app, CommandLine& line) {
  auto* firewall =
      app.add_subcommand("firewall", "Import a firewall's ruleset; compare two rulesets");
  firewall->require_subcommand(1);
  auto& from = line.firewall_import;
  auto* reader = firewall->add_subcommand(
      "import", "Turn the filter rules of nftables or iptables into a [[firewall]] list");
  reader->add_option("ruleset", from.path, "the output of nft -j list ruleset or iptables-save")
      ->required();
  reader->add_option("--chain", from.chain, "which chain, by name or hook (input)");
  reader->add_option("--name", from.name, "the name of the [[firewall]] (the chain's name)");
  add_output(*reader, from.output);
  reader->callback([&line] { line.exit_code = firewall_import(line.firewall_import); });
  auto& both = line.firewall_diff;
  auto* diff = firewall->add_subcommand("diff", "Say which recorded flows a change would break");
  diff->add_option("old", both.before, "a rule file (.toml) or an importable ruleset")->required();
  diff->add_option("new", both.after, "the changed rule file or ruleset")->required();
  diff->add_option("--flows", both.flows, "the output of brownout run --flows (JSON lines)")
      ->required();
  diff->add_option("--chain", both.chain, "which chain, by name or hook (input)");
  add_output(*diff, both.output);
  diff->callback([&line] { line.exit_code = firewall_diff(line.firewall_diff); });
}  // namespace

void add_ca(CLI::App& app, CommandLine& line) {
  auto* ca = app.add_subcommand(
      "ca", "Make or show the local CA, which signs the certificates of listeners");
  ca->require_subcommand(1);
  auto* init = ca->add_subcommand("init", "Make the CA; never overwrites one");
  init->add_option("--folder", line.ca_folder, "where ca.pem and ca.key are (brownout-ca)");
  init->callback([&line] { line.exit_code = ca_init(line.ca_folder); });
  auto* show = ca->add_subcommand("show", "Show where the CA is and how to trust it");
  show->add_option("--folder", line.ca_folder, "where ca.pem and ca.key are (brownout-ca)");
  add_output(*show, line.ca_output);
  show->callback([&line] { line.exit_code = ca_show(line.ca_folder, line.ca_output); });
}

void add_verify(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("verify",
                                     "Measure how exactly this machine delivers the configured "
                                     "delays, rates, probabilities and losses");
  command->add_flag("--quick", line.verify.quick,
                    "take half a minute instead of more than a minute");
  command->add_flag("--json", line.verify.json,
                    "print JSON with milliseconds, bytes per second and shares");
  add_output(*command, line.verify.output);
  command->callback([&line] { line.exit_code = verify(line.verify); });
}

// Declares `brownout toxiproxy` with the options of toxiproxy-server. Long options may have a
// single dash (arguments.h).
void add_toxiproxy(CLI::App& app, CommandLine& line) {
  auto& options = line.toxiproxy;
  options.workers = proxy::usable_processors();
  auto* command = app.add_subcommand(
      "toxiproxy", "Serve Toxiproxy's API, in place of toxiproxy-server and with its options");
  command->add_option("--host", options.host, "the address on which the API listens")
      ->capture_default_str();
  command->add_option("--port", options.port, "the port of the API")->capture_default_str();
  command->add_option("--config", options.config,
                      "a JSON file with proxies, which may have toxics");
  command->add_option("--seed", options.seed, "random seed; drawn and logged if omitted");
  command->add_flag("--proxy-metrics", options.proxy_metrics,
                    "also export the bytes of each proxy at /metrics");
  command->add_flag("--runtime-metrics", options.runtime_metrics,
                    "also export metrics of the process at /metrics");
  command->set_version_flag("--version", "toxiproxy-server version " +
                                             std::string(toxiproxy::kToxiproxyVersion) +
                                             " (brownout " BROWNOUT_VERSION ")");
  command->callback([&line] { line.exit_code = toxiproxy(line.toxiproxy); });
}

int check_examples(const CLI::App& app);

void add_generate(CLI::App& app, CommandLine& line) {
  auto* generate = app.add_subcommand("generate", "Print the man page or a shell completion");
  generate->require_subcommand(1);
  generate->add_subcommand("man", "the man page (roff)")->callback([&app] { print_man(app); });
  for (const auto& [shell, script] :
       {std::pair{"bash", kBashCompletion}, std::pair{"zsh", kZshCompletion},
        std::pair{"fish", kFishCompletion}}) {
    generate->add_subcommand(shell, "completion for " + std::string(shell))
        ->callback([text = script] { fmt::print("{}", text); });
  }
  generate
      ->add_subcommand("examples",
                       "the examples of all commands, after a check of each command line")
      ->callback([&app, &line] { line.exit_code = check_examples(app); });
}

void add_small_commands(CLI::App& app, CommandLine& line) {
  app.add_subcommand(
         "demo",
         "Rehearse the outage of 4 October 2021 in twenty seconds; needs no file and no server")
      ->callback([&line] { line.exit_code = demo(); });
  app.add_subcommand("reference", "Print the reference page of the rule file (Markdown)")
      ->callback([&line] { line.exit_code = reference(); });
  app.add_subcommand("schema", "Print the JSON Schema of the rule file, for editors")
      ->callback([&line] { line.exit_code = schema(); });
  add_generate(app, line);
}

// Declares all commands. `app` and `line` refer to each other afterwards, so neither may be moved.
void declare(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "brownout " BROWNOUT_VERSION);
  app.require_subcommand(1);
  app.failure_message(usage_error);
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
  add_ctl(app, line.ctl, line.exit_code);
  add_verify(app, line);
  add_small_commands(app, line);
  add_examples(app);
  app.footer(exit_codes_text());
}

void run_nothing(CLI::App& app) {
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    command->callback({});
    run_nothing(*command);
  }
}

// Parses a command line as a user types it, without running the command. Returns the error; "" if
// the line is correct.
std::string mistake_in(std::string_view typed) {
  CommandLine line;
  CLI::App app("", "brownout");
  declare(app, line);
  run_nothing(app);
  // Removes the words after "--", as read_arguments() does: CLI11 would take them for arguments of
  // init.
  if (typed.starts_with("brownout init ")) typed = typed.substr(0, typed.find(" -- "));
  try {
    app.parse(std::string(typed), true);
  } catch (const CLI::Success&) {
    return "";
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

// Prints all examples. Returns a failure if an example has an error, or if a command does not have
// exactly two.
int check_examples(const CLI::App& app) {
  int code = 0;
  std::map<std::string_view, int> count;
  for (const auto& example : all_examples()) {
    ++count[example.command];
    fmt::print("{}\n", example.line);
    const auto mistake = mistake_in(example.line);
    if (mistake.empty()) continue;
    fmt::print(stderr, "error: {}: {}\n", example.line, mistake);
    code = kFailed;
  }
  for (const auto& [name, command] : leaves(app)) {
    if (count[name] == 2) continue;
    fmt::print(stderr, "error: {} has {} examples, not 2\n", name, count[name]);
    code = kFailed;
  }
  return code;
}

}  // namespace

int parse_and_run(int argc, char** argv) {
  CLI::App app("Brownout makes the network fail on purpose, by rule, to rehearse an outage.",
               "brownout");
  CommandLine line;
  auto arguments = read_arguments(argc, argv);
  line.init.command = std::move(arguments.command);
  declare(app, line);
  // CLI11 must not parse the words after `complete`, since they are another command line.
  if (argc > 1 && argv[1] == std::string_view("complete")) {
    return complete(app, std::vector<std::string>(argv + std::min(argc, 3), argv + argc));
  }
  try {
    std::reverse(arguments.words.begin(), arguments.words.end());
    app.parse(std::move(arguments.words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return line.exit_code;
}

}  // namespace brownout::cli
