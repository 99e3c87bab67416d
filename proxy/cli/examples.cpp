#include "proxy/cli/examples.h"

#include <fmt/core.h>

#include <string>

#include "proxy/cli/command_tree.h"

namespace brownout::cli {
namespace {

constexpr Example kExamples[] = {
    {"init", "answer three questions", "brownout init rules.toml"},
    {"init", "begin with the connections of a test suite",
     "brownout init rules.toml --from-exec -- npm test"},
    {"run", "serve the listeners of a file", "brownout run rules.toml"},
    {"run", "delay a server by 300 ms, without a file",
     "brownout run --listen 5433 --to 127.0.0.1:5432 --fault 'latency delay=300ms'"},
    {"exec", "run a test suite under faults", "brownout exec rules.toml -- npm test"},
    {"exec", "say at the end what each rule did",
     "brownout exec rules.toml --summary -- curl -s http://example.org/"},
    {"intercept print", "print the kernel's rules without applying them",
     "brownout intercept print rules.toml --uid www-data"},
    {"intercept print", "redirect the machines behind an interface",
     "brownout intercept print rules.toml --interface eth1"},
    {"intercept apply", "redirect a user's connections for ten minutes",
     "brownout intercept apply rules.toml --uid www-data"},
    {"intercept apply", "redirect a service for an hour",
     "brownout intercept apply rules.toml --cgroup chat.slice --for 1h"},
    {"intercept remove", "end it now", "brownout intercept remove"},
    {"intercept remove", "show what it removes", "brownout intercept remove --help"},
    {"check", "find every mistake", "brownout check rules.toml"},
    {"check", "as JSON, for programs", "brownout check rules.toml --output json"},
    {"explain", "which rules act on a client's connection",
     "brownout explain rules.toml --listener chat --client 10.1.2.3"},
    {"explain", "which rules act on a request",
     "brownout explain rules.toml --listener api --url http://shop.test/cart --method POST"},
    {"rehearse", "run an outage against your own servers", "brownout rehearse outage.toml"},
    {"rehearse", "in a CI pipeline, with embedded servers and without waiting",
     "brownout rehearse outage.toml --ci --embedded well --virtual-time"},
    {"report compare", "say what got better or worse since the last run",
     "brownout report compare before after"},
    {"report compare", "as JSON, and tolerate values that are 10% worse",
     "brownout report compare before after --max-regression 10% --output json"},
    {"report trend", "the values of all runs in report/", "brownout report trend"},
    {"report trend", "one metric, as a page",
     "brownout report trend --metric availability --html trend.html"},
    {"firewall import", "turn the rules of nftables into a list",
     "brownout firewall import ruleset.json --chain input"},
    {"firewall import", "turn the rules of iptables into a list",
     "brownout firewall import iptables.save --name edge"},
    {"firewall diff", "which recorded flows would break",
     "brownout firewall diff rules.toml changed.toml --flows flows.jsonl"},
    {"firewall diff", "as JSON, for programs",
     "brownout firewall diff old.save new.save --flows flows.jsonl --output json"},
    {"ca init", "make a CA for tests", "brownout ca init"},
    {"ca init", "in another folder", "brownout ca init --folder certificates"},
    {"ca show", "how to trust it", "brownout ca show"},
    {"ca show", "as JSON, for programs", "brownout ca show --folder certificates --output json"},
    {"toxiproxy", "serve Toxiproxy's API", "brownout toxiproxy"},
    {"toxiproxy", "with proxies from a file",
     "brownout toxiproxy --config toxiproxy.json --port 8475"},
    {"ctl status", "show whether faults are halted, and what the API changed",
     "brownout ctl status"},
    {"ctl status", "of a proxy on another machine",
     "brownout ctl status --url https://proxy.test:8474 --token-file token --ca ca.pem"},
    {"ctl top", "watch listeners and rules", "brownout ctl top"},
    {"ctl top", "print the values once, as JSON", "brownout ctl top --output json"},
    {"ctl rules", "what each rule has done", "brownout ctl rules"},
    {"ctl rules", "as JSON, for programs", "brownout ctl rules --output json"},
    {"ctl listeners", "the traffic of each listener", "brownout ctl listeners"},
    {"ctl listeners", "as JSON, for programs", "brownout ctl listeners --output json"},
    {"ctl flows", "open connections and sessions", "brownout ctl flows"},
    {"ctl flows", "as JSON, for programs", "brownout ctl flows --output json"},
    {"ctl why",
     "find out whether a rule acted on a request, and which rules would act on the next one",
     "brownout ctl why --listener web --path /pay --client 127.0.0.1"},
    {"ctl why", "find a request by its trace",
     "brownout ctl why --text 4bf92f3577b34da6a3ce929d0e0e4736"},
    {"ctl watch", "see faults as they happen", "brownout ctl watch"},
    {"ctl watch", "one JSON object a line", "brownout ctl watch --output json"},
    {"ctl halt", "all faults off, now", "brownout ctl halt"},
    {"ctl halt", "over the unix socket, which works even while clients flood the API's port",
     "brownout ctl halt --url unix:/run/brownout.sock"},
    {"ctl resume", "faults on again", "brownout ctl resume"},
    {"ctl resume", "over the unix socket", "brownout ctl resume --url unix:/run/brownout.sock"},
    {"ctl rm", "delete a rule", "brownout ctl rm latency"},
    {"ctl rm", "under a lease, undone when the lease lapses", "brownout ctl rm latency --lease ci"},
    {"ctl enable", "switch a rule on", "brownout ctl enable latency"},
    {"ctl enable", "under a lease, undone when the lease lapses",
     "brownout ctl enable latency --lease ci"},
    {"ctl disable", "switch a rule off", "brownout ctl disable latency"},
    {"ctl disable", "under a lease, undone when the lease lapses",
     "brownout ctl disable latency --lease ci"},
    {"ctl recount", "restart its count, so that `first = 1` selects the next request",
     "brownout ctl recount third-request"},
    {"ctl recount", "of another proxy",
     "brownout ctl recount third-request --url http://127.0.0.1:8475"},
    {"ctl reset", "undo all changes of the API", "brownout ctl reset"},
    {"ctl reset", "undo those of one rule", "brownout ctl reset latency"},
    {"ctl cut", "reset a connection", "brownout ctl cut chat#3"},
    {"ctl cut", "of another proxy", "brownout ctl cut chat#3 --url http://127.0.0.1:8475"},
    {"ctl add", "delay a listener's traffic for five minutes",
     "brownout ctl add latency delay=300ms --listener chat --for 5m"},
    {"ctl add", "refuse a fifth of some clients",
     "brownout ctl add refuse --client 10.1.0.0/16 --probability 20%"},
    {"verify", "measure for a minute", "brownout verify"},
    {"verify", "as JSON, in half a minute", "brownout verify --quick --output json"},
    {"demo", "see an outage and its report", "brownout demo"},
    {"demo", "the same with clients that have no plan",
     "brownout rehearse examples/outages/2021-10-04.toml --embedded badly"},
    {"reference", "read about every key", "brownout reference"},
    {"reference", "print the JSON Schema of the same keys", "brownout schema"},
    {"schema", "print it", "brownout schema"},
    {"schema", "show what the command does", "brownout schema --help"},
    {"generate man", "print the man page", "brownout generate man"},
    {"generate man", "list what can be generated", "brownout generate --help"},
    {"generate bash", "print the completion", "brownout generate bash"},
    {"generate bash", "how to use it", "brownout generate bash --help"},
    {"generate zsh", "print the completion", "brownout generate zsh"},
    {"generate zsh", "how to use it", "brownout generate zsh --help"},
    {"generate fish", "print the completion", "brownout generate fish"},
    {"generate fish", "how to use it", "brownout generate fish --help"},
    {"generate examples", "print all of them", "brownout generate examples"},
    {"generate examples", "those of one command", "brownout run --help"},
};

std::string text_of(const Example& example) {
  return fmt::format("  # {}\n  {}\n", example.about, example.line);
}

// Returns the examples of the command. For a command with subcommands, returns the first example of
// each of the first two.
std::string examples_below(const std::string& command) {
  std::string text;
  std::string_view shown;
  int count = 0;
  for (const auto& example : kExamples) {
    const bool own = example.command == command;
    const bool below = example.command.starts_with(command + " ") && example.command != shown;
    if ((!own && !below) || count == 2) continue;
    shown = example.command;
    text += text_of(example);
    ++count;
  }
  return text;
}

void add_below(CLI::App& app, const std::string& before) {
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const auto name = before + command->get_name();
    command->footer("Examples:\n" + examples_below(name));
    add_below(*command, name + " ");
  }
}

}  // namespace

std::span<const Example> all_examples() { return kExamples; }

void add_examples(CLI::App& app) { add_below(app, ""); }

}  // namespace brownout::cli
