#include "proxy/cli/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "proxy/cli/commands.h"
#include "proxy/cli/generate.h"
#include "proxy/control/process.h"
#include "rules/message/message_protocol.h"

namespace brownout::cli {
namespace {

// The options of all commands, and the exit code of the command that ran.
struct CommandLine {
  RunOptions run;
  std::string check_path;
  bool check_for_exec = false;
  ExecOptions exec;
  InterceptOptions intercept;
  ExplainOptions explain;
  VerifyOptions verify;
  FirewallImportOptions firewall_import;
  FirewallDiffOptions firewall_diff;
  std::string ca_folder = "brownout-ca";
  RehearseOptions rehearse;
  ToxiproxyOptions toxiproxy;
  CtlOptions ctl;
  std::string report_before;
  std::string report_after;
  std::string max_regression = "5%";
  int exit_code = 0;
};

void add_run(CLI::App& app, CommandLine& line) {
  auto& options = line.run;
  options.workers = proxy::usable_processors();
  auto* command =
      app.add_subcommand("run", "Start the proxy with a rule file; reload it when it changes");
  command->add_option("rules", options.path, "the rule file (TOML)")->required();
  command->add_option("--workers", options.workers, "threads that serve connections (one a core)")
      ->check(CLI::Range(1, 256));
  command->add_option(
      "--events", options.events,
      "append one JSON object for every injected fault to this file; - is standard output");
  command->add_option("--flows", options.flows,
                      "append one JSON object for every connection and UDP session, served or "
                      "stopped by a rule, to this file, for `firewall diff`; - is standard output");
  command->add_option("--drain", options.drain,
                      "how long to wait for open connections when told to end (3s)");
  command->add_option("--log-level", options.log_level, "debug, info, warn, error or off")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  command->add_flag("--no-watch", options.no_watch,
                    "reload on SIGHUP only, not when the file changes");
  command->add_option("--api", options.api,
                      "where the dashboard and the API listen; off for none (127.0.0.1:8474 if it "
                      "is free)");
  command->add_option(
      "--api-socket", options.api_socket,
      "a unix socket for the API, too, which no crowd at the address of --api keeps "
      "anybody from");
  command->add_option("--token-file", options.token_file,
                      "whoever uses the API must know this file's first line");
  command->add_option("--api-certificate", options.api_certificate,
                      "serve the API by HTTPS: a PEM file with the certificate");
  command->add_option("--api-key", options.api_key, "and one with its key");
  command->add_option("--state", options.state,
                      "keep what the API changes in this file, over restarts");
  command->add_option("--max-fault-time", options.max_fault_time,
                      "every rule is over after this time, e.g. 10m");
  command->add_option("--toxiproxy-config", options.toxiproxy_config,
                      "a configuration file of Toxiproxy (JSON): its proxies and toxics, too");
  command->callback([&line] { line.exit_code = run(line.run); });
}

void add_exec(CLI::App& app, CommandLine& line) {
  auto& options = line.exec;
  options.workers = proxy::usable_processors();
  auto* command = app.add_subcommand(
      "exec", "Run a command whose every connection and DNS query goes through the rules");
  command->add_option("rules", options.path, "the rule file (TOML)")->required();
  command->add_option("command", options.command, "the command and its arguments, behind --")
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
      "intercept", "Send others' connections to the intercepting listeners of a file (nftables)");
  parent->require_subcommand(1);
  for (const auto& [action, about] :
       {std::pair{"print", "Print the rules, changing nothing"},
        std::pair{"apply", "Put them in force, in a table of their own; again: for longer"}}) {
    auto* command = parent->add_subcommand(action, about);
    command->add_option("rules", options.path, "the rule file (TOML)")->required();
    command->add_option("--uid", options.uids, "of local users, by number or name; repeat it");
    command->add_option("--cgroup", options.cgroups, "of local processes in it, e.g. chat.slice");
    command->add_option("--interface", options.interfaces, "of machines behind it, e.g. eth1");
    command->add_option("--prefix", options.prefixes, "of machines with these addresses");
    command->add_option("--for", options.length,
                        "the kernel ends it after this time, whatever becomes of brownout (10m)");
    command->callback([&line, name = std::string(action)] {
      line.intercept.action = name;
      line.exit_code = intercept(line.intercept);
    });
  }
  parent->add_subcommand("remove", "Take them away; there may be none")->callback([&line] {
    line.intercept.action = "remove";
    line.exit_code = intercept(line.intercept);
  });
}

void add_check(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("check", "Find every mistake in a rule file");
  command->add_option("rules", line.check_path, "the rule file (TOML)")->required();
  command->add_flag("--exec", line.check_for_exec, "as brownout exec reads it");
  command->callback([&line] { line.exit_code = check(line.check_path, line.check_for_exec); });
}

// Adds the options of `explain` that describe a message, for all protocols, without duplicates.
void add_message(CLI::App& command, ExplainOptions& options) {
  std::map<std::string, rules::MessageProtocol::ExplainOption> all;
  for (const auto* protocol : rules::message_protocols()) {
    for (auto& option : protocol->explain_options()) {
      const auto meaning = std::string(protocol->name()) + ": " + option.meaning;
      auto& known = all.try_emplace(option.name).first->second;
      known.meaning += (known.meaning.empty() ? "" : "; ") + meaning;
      known.values.insert(known.values.end(), option.values.begin(), option.values.end());
    }
  }
  for (const auto& [name, option] : all) {
    auto* added = command.add_option_function<std::string>(
        "--" + name,
        [&options, key = name](const std::string& value) { options.message[key] = value; },
        option.meaning);
    if (option.values.empty()) continue;
    added->check(
        CLI::IsMember(std::vector<std::string>(option.values.begin(), option.values.end())));
  }
  command.add_option("--text", options.text, "what a message says");
}

void add_explain(CLI::App& app, CommandLine& line) {
  auto& options = line.explain;
  auto* command = app.add_subcommand(
      "explain", "Say which rules would act on a connection, and why not the others");
  command->add_option("rules", options.path, "the rule file (TOML)")->required();
  command->add_option("--listener", options.listener, "the listener it comes to")->required();
  command->add_option("--client", options.client, "its client's address, with or without a port");
  command->add_option("--destination", options.destination,
                      "its server's address, with or without a port");
  command->add_option("--ordinal", options.ordinal, "which connection it is, counted from 1")
      ->check(CLI::PositiveNumber);
  command->add_option("--at", options.at, "how long after the rules were loaded, e.g. 90s");
  command->add_option("--seed", options.seed, "instead of the file's seed");
  command->add_option("--qname", options.qname, "the name that a DNS query asks for");
  command->add_option("--qtype", options.qtype, "the type that it asks for (A)");
  command->add_option("--transport", options.transport, "how it comes: udp or tcp")
      ->check(CLI::IsMember({"udp", "tcp"}));
  command->add_option("--url", options.url, "what an HTTP request asks for, e.g. http://host/path");
  command->add_option("--method", options.method, "its method (GET)");
  command
      ->add_option("--header", options.headers,
                   "one of its headers, or of a message's, \"name: value\"; repeat it")
      ->take_all()
      ->expected(1);
  command->add_option("--status", options.status, "the status of its response")
      ->check(CLI::Range(100, 599));
  command->add_option("--sni", options.sni, "the name that a TLS client asks for");
  command->add_option("--alpn", options.alpn, "a protocol that it offers, e.g. h2");
  add_message(*command, options);
  command->callback([&line] { line.exit_code = explain(line.explain); });
}

void add_rehearse(CLI::App& app, CommandLine& line) {
  auto& options = line.rehearse;
  auto* command = app.add_subcommand(
      "rehearse", "Run a timed outage with synthetic users, and say whether failover worked");
  command->add_option("outage", options.path, "the file (TOML) with [scenario], phases, probes")
      ->required();
  command->add_flag("--ci", options.ci,
                    "quiet; a rule that matches nobody is a failed expectation");
  command->add_flag("--force", options.force, "go on though it is broken before it begins");
  auto* embedded =
      command
          ->add_option("--embedded", options.embedded,
                       "embedded servers stand in for those of the file: well, or badly (no "
                       "redundancy, clients without a plan)")
          ->check(CLI::IsMember({"well", "badly"}));
  command
      ->add_flag("--virtual-time", options.virtual_time,
                 "with --embedded: skip all waiting, so that minutes of the scenario take a second "
                 "(probes of the kinds tcp, http, websocket, dns and tls)")
      ->needs(embedded);
  command->add_option("--report", options.report,
                      "the folder for report.html, report.json, junit.xml and summary.md; \"\" "
                      "writes none");
  command->add_flag("--replay", options.replay, "the file is a report.json: run that again");
  command->callback([&line] { line.exit_code = rehearse(line.rehearse); });

  auto* report = app.add_subcommand("report", "Work with the reports of rehearsals");
  report->require_subcommand(1);
  auto* compare = report->add_subcommand("compare", "Say what got better and what got worse");
  compare->add_option("before", line.report_before, "a report.json, or its folder")->required();
  compare->add_option("after", line.report_after, "a later one")->required();
  compare->add_option(
      "--max-regression", line.max_regression,
      "how much worse a value may be before the exit code is 1; what differs by less than "
      "10 ms (a latency) or 100 ms of real time (another time) is the same");
  compare->callback([&line] {
    line.exit_code = report_compare(line.report_before, line.report_after, line.max_regression);
  });
}

void add_firewall(CLI::App& app, CommandLine& line) {
  auto* firewall = app.add_subcommand("firewall", "Import a real firewall; compare two of them");
  firewall->require_subcommand(1);
  auto& from = line.firewall_import;
  auto* reader = firewall->add_subcommand(
      "import", "Turn the filter rules of nftables or iptables into a [[firewall]] list");
  reader->add_option("ruleset", from.path, "what nft -j list ruleset or iptables-save wrote")
      ->required();
  reader->add_option("--chain", from.chain, "which chain, by name or hook (input)");
  reader->add_option("--name", from.name, "the name of the [[firewall]] (that of the chain)");
  reader->callback([&line] { line.exit_code = firewall_import(line.firewall_import); });
  auto& both = line.firewall_diff;
  auto* diff = firewall->add_subcommand("diff", "Say which recorded flows a change would break");
  diff->add_option("old", both.before, "a rule file (.toml), or what import reads")->required();
  diff->add_option("new", both.after, "the same, changed")->required();
  diff->add_option("--flows", both.flows, "what brownout run --flows wrote: a JSON object a line")
      ->required();
  diff->add_option("--chain", both.chain, "which chain, by name or hook (input)");
  diff->callback([&line] { line.exit_code = firewall_diff(line.firewall_diff); });
}  // namespace

void add_ca(CLI::App& app, CommandLine& line) {
  auto* ca =
      app.add_subcommand("ca", "Make or show the local CA that certificates are minted from");
  ca->require_subcommand(1);
  auto* init = ca->add_subcommand("init", "Make it; never overwrites one");
  init->add_option("--folder", line.ca_folder, "where ca.pem and ca.key are (brownout-ca)");
  init->callback([&line] { line.exit_code = ca_init(line.ca_folder); });
  auto* show = ca->add_subcommand("show", "Say where it is and how to trust it");
  show->add_option("--folder", line.ca_folder, "where ca.pem and ca.key are (brownout-ca)");
  show->callback([&line] { line.exit_code = ca_show(line.ca_folder); });
}

void add_verify(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand(
      "verify",
      "Measure on this machine what is delivered of requested delays, rates and probabilities");
  command->add_flag("--quick", line.verify.quick, "a few seconds instead of half a minute");
  command->add_flag("--json", line.verify.json,
                    "for programs: milliseconds, bytes a second and shares");
  command->callback([&line] { line.exit_code = verify(line.verify); });
}

// The options of toxiproxy-server. Long options may have a single dash (see with_two_dashes).
void add_toxiproxy(CLI::App& app, CommandLine& line) {
  auto& options = line.toxiproxy;
  options.workers = proxy::usable_processors();
  auto* command = app.add_subcommand(
      "toxiproxy", "Stand in for toxiproxy-server: its API and options, on this engine");
  command->add_option("--host", options.host, "where the API listens")->capture_default_str();
  command->add_option("--port", options.port, "of the API")->capture_default_str();
  command->add_option("--config", options.config,
                      "a JSON file with proxies, which may have toxics");
  command->add_option("--seed", options.seed, "of the dice; drawn and logged if left out");
  command->add_flag("--proxy-metrics", options.proxy_metrics, "bytes of proxies at /metrics");
  command->add_flag("--runtime-metrics", options.runtime_metrics, "of the process at /metrics");
  command->set_version_flag("--version",
                            "toxiproxy-server version 2.12.0 (brownout " BROWNOUT_VERSION ")");
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
                     "of its API (BROWNOUT_URL, TOXIPROXY_URL, or http://127.0.0.1:8474); or its "
                     "--api-socket as unix:/path");
  parent->add_option("--token-file", options.token_file,
                     "the token that it asks for (BROWNOUT_TOKEN)");
  parent->add_option("--ca", options.ca, "a PEM file that its certificate can be checked with");
  parent->add_option("--lease", options.lease,
                     "a lease that the change is made under: undone when it lapses");
  parent->add_flag("--json", options.json, "for programs; so it is when the output is no terminal");
  add_ctl_command(*parent, line, "status", "what it does at the moment");
  add_ctl_command(*parent, line, "top", "listeners and rules, live");
  add_ctl_command(*parent, line, "rules", "all rules and what they have done");
  add_ctl_command(*parent, line, "listeners", "all listeners and what passes");
  add_ctl_command(*parent, line, "flows", "connections and UDP sessions");
  add_ctl_command(*parent, line, "watch", "faults, connections and changes as they happen");
  add_ctl_command(*parent, line, "halt", "all faults off, now, on live connections too");
  add_ctl_command(*parent, line, "resume", "faults on again: only this switches them on");
  add_ctl_command(*parent, line, "rm", "delete a rule", "the rule");
  add_ctl_command(*parent, line, "enable", "switch a rule on", "the rule");
  add_ctl_command(*parent, line, "disable", "switch a rule off", "the rule");
  add_ctl_command(*parent, line, "reset", "take the rule file's state again", "all, or this",
                  false);
  add_ctl_command(*parent, line, "cut", "reset a connection", "the flow, e.g. chat#3");
  auto* add =
      parent->add_subcommand("add", "add a rule, e.g. add latency delay=300ms --listener chat");
  add->add_option("fault", options.keys, "its type, then its keys as key=value")->required();
  add->add_option("--name", options.name, "of the rule");
  add->add_option("--listener", options.listener, "whose connections it means");
  add->add_option("--client", options.client, "which clients it means, e.g. 10.1.0.0/16");
  add->add_option("--direction", options.direction, "upstream or downstream");
  add->add_option("--probability", options.probability, "e.g. 20%");
  add->add_option("--for", options.duration, "how long it stays on, e.g. 5m");
  add->callback([&line] {
    line.ctl.command = "add";
    line.exit_code = ctl(line.ctl);
  });
}

// Accepts long options with one dash, as Go programs do.
std::vector<std::string> with_two_dashes(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments.front() != "toxiproxy") return arguments;
  for (auto& argument : arguments) {
    if (argument.size() > 2 && argument[0] == '-' && argument[1] != '-' && argument[1] >= 'a')
      argument.insert(0, "-");
  }
  return arguments;
}

void add_small_commands(CLI::App& app, CommandLine& line) {
  app.add_subcommand("demo", "Rehearse 4 October 2021 in twenty seconds; needs nothing")
      ->callback([&line] { line.exit_code = demo(); });
  app.add_subcommand("reference", "Print the reference page of the rule file (Markdown)")
      ->callback([&line] { line.exit_code = reference(); });
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
  app.failure_message(CLI::FailureMessage::help);
  CommandLine line;
  add_run(app, line);
  add_exec(app, line);
  add_intercept(app, line);
  add_check(app, line);
  add_explain(app, line);
  add_rehearse(app, line);
  add_firewall(app, line);
  add_ca(app, line);
  add_toxiproxy(app, line);
  add_ctl(app, line);
  add_verify(app, line);
  add_small_commands(app, line);
  try {
    auto arguments = with_two_dashes(argc, argv);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return line.exit_code;
}

}  // namespace brownout::cli
