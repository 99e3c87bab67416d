#include "proxy/cli/generate.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "proxy/cli/command_tree.h"
#include "proxy/cli/examples.h"
#include "proxy/cli/exit_codes.h"

namespace brownout::cli {
namespace {

std::string roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

void print_option(const CLI::Option& option) {
  const bool takes_value = option.get_items_expected_max() > 0;
  fmt::print(".TP\n\\fB{}\\fR{}\n{}\n", roff(option.get_name(option.get_positional())),
             takes_value && !option.get_positional() ? " \\fIvalue\\fR" : "",
             roff(option.get_description()));
}

using Entry = std::pair<const char*, const char*>;

constexpr Entry kSignals[] = {
    {"SIGHUP",
     "run: reads the rule file again, and reopens the files of --events and --flows (log "
     "rotation)."},
    {"SIGUSR1",
     "run: halts. All faults are off, on live connections too. Prints what each rule has done so "
     "far. rehearse: all faults end, and the recovery runs."},
    {"SIGUSR2",
     "run: resumes. Faults are on again. Prints what each rule has done so far. rehearse: no "
     "effect."},
    {"SIGTERM, SIGINT",
     "run: stops accepting, waits for open connections (--drain), then ends; a second SIGINT ends "
     "it at once. toxiproxy: ends at once. rehearse: ends the phases and runs the recovery; "
     "a second one ends it at once."},
    {"SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH",
     "exec: passed on to the command."},
};

constexpr Entry kEnvironment[] = {
    {"BROWNOUT_URL, TOXIPROXY_URL", "ctl: the URL of the API, unless --url gives it."},
    {"BROWNOUT_TOKEN, TOXIPROXY_AUTH_TOKEN", "ctl: the API's token, unless --token-file gives it."},
    {"TOXIPROXY_AUTH_TOKEN", "toxiproxy: the token that every request needs."},
    {"NO_COLOR", "Set to anything: no colours on terminals."},
    {"LOG_LEVEL", "toxiproxy: debug, info, warn or error."},
    {"OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES",
     "run --otlp: the name of the service and further attributes (NAME=VALUE) that go with all "
     "exported data."},
    {"OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_TIMEOUT",
     "run --otlp: headers of the requests to the collector, and the longest wait for its answer in "
     "milliseconds (10000)."},
    {"OTEL_EXPORTER_OTLP_CERTIFICATE, SSL_CERT_FILE",
     "run --otlp: the PEM file of the CAs that sign the collector's certificate; the first "
     "variable that is set counts."},
    {"LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES",
     "run: sockets from systemd, which the listeners with the same addresses take over."},
};

constexpr Entry kFiles[] = {
    {"rules.toml",
     "A rule file: `brownout reference` describes every key, `brownout schema` is "
     "its JSON Schema."},
    {"brownout-ca/ca.pem, brownout-ca/ca.key", "The local CA of `brownout ca init`."},
    {"report/*/report.html, report.json, junit.xml, summary.md",
     "What `brownout rehearse` writes; report/latest is the last run."},
};

template <std::size_t n>
void print_entries(const char* section, const Entry (&entries)[n]) {
  fmt::print(".SH {}\n", section);
  for (const auto& [name, about] : entries) fmt::print(".TP\n{}\n{}\n", name, roff(about));
}

void print_exit_status() {
  fmt::print(".SH EXIT STATUS\n");
  for (const auto& [code, meaning] : kExitCodes) {
    fmt::print(".TP\n{}\n{}.\n", code, roff(std::string(meaning)));
  }
}

void print_examples() {
  fmt::print(".SH EXAMPLES\n");
  for (const auto& example : all_examples()) {
    fmt::print(".TP\n{}:\n.B {}\n", roff(std::string(example.about)),
               roff(std::string(example.line)));
  }
}

}  // namespace

void print_man(const CLI::App& app) {
  fmt::print(".TH BROWNOUT 1\n.SH NAME\nbrownout \\- network fault\\-injection proxy\n");
  fmt::print(".SH SYNOPSIS\n.B brownout\n.I command\n[options]\n.SH DESCRIPTION\n{}\n",
             roff(app.get_description()));
  fmt::print(".SH COMMANDS\n");
  for (const auto& [name, command] : leaves(app)) {
    fmt::print(".SS {}\n{}.\n", name, roff(command->get_description()));
    for (const auto* option : options_in_force(*command)) print_option(*option);
  }
  print_entries("SIGNALS", kSignals);
  print_exit_status();
  print_entries("ENVIRONMENT", kEnvironment);
  print_entries("FILES", kFiles);
  print_examples();
}

}  // namespace brownout::cli
