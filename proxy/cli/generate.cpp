#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "proxy/cli/generate.h"

namespace brownout::cli {
namespace {

std::string roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::vector<const CLI::App*> commands(const CLI::App& app) {
  return app.get_subcommands(
      [](const CLI::App* subcommand) { return !subcommand->get_group().empty(); });
}

// Lists the commands that can be run, each with its full name, such as "firewall import".
std::vector<std::pair<std::string, const CLI::App*>> leaves(const CLI::App& app,
                                                            const std::string& before = {}) {
  std::vector<std::pair<std::string, const CLI::App*>> list;
  for (const auto* command : commands(app)) {
    const auto name = before + command->get_name();
    const auto below = leaves(*command, name + " ");
    if (below.empty()) list.emplace_back(name, command);
    list.insert(list.end(), below.begin(), below.end());
  }
  return list;
}

// Lists the options of a command and of all its subcommands.
std::vector<const CLI::Option*> flags(const CLI::App& command) {
  auto list =
      command.get_options([](const CLI::Option* option) { return !option->get_positional(); });
  for (const auto* below : commands(command)) {
    for (const auto* flag : flags(*below)) {
      const auto same = [&](const CLI::Option* other) {
        return other->get_lnames().front() == flag->get_lnames().front();
      };
      if (std::none_of(list.begin(), list.end(), same)) list.push_back(flag);
    }
  }
  return {list.begin(), list.end()};
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

constexpr Entry kExitStatus[] = {
    {"0", "Done. rehearse, run --expect: all expectations are met."},
    {"1",
     "Failed. rehearse, run --expect: an expectation is not met. report compare: something got "
     "worse. firewall "
     "diff: a flow would break. ctl: no response."},
    {"2",
     "Bad input: a mistake in a file or an option. rehearse: it could not begin. report compare: "
     "the "
     "reports are unrelated. ctl: the change was refused."},
    {"3",
     "rehearse, run --expect: there is no verdict, because it was stopped or something was not "
     "measured. exec: "
     "network namespaces are not allowed here."},
    {"4", "ctl: there is no such rule or connection."},
    {"others",
     "exec: the exit status of the command; 126 if it could not be run, 127 if it was not found, "
     "128 plus the signal's number if a signal ended it."},
};

template <std::size_t n>
void print_entries(const char* section, const Entry (&entries)[n]) {
  fmt::print(".SH {}\n", section);
  for (const auto& [name, about] : entries) fmt::print(".TP\n{}\n{}\n", name, roff(about));
}

std::string zsh_quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return safe;
}

}  // namespace

void print_man(const CLI::App& app) {
  fmt::print(".TH BROWNOUT 1\n.SH NAME\nbrownout \\- network fault\\-injection proxy\n");
  fmt::print(".SH SYNOPSIS\n.B brownout\n.I command\n[options]\n.SH DESCRIPTION\n{}\n",
             roff(app.get_description()));
  fmt::print(".SH COMMANDS\n");
  for (const auto& [name, command] : leaves(app)) {
    fmt::print(".SS {}\n{}.\n", name, roff(command->get_description()));
    for (const auto* option : command->get_options()) print_option(*option);
  }
  print_entries("SIGNALS", kSignals);
  print_entries("EXIT STATUS", kExitStatus);
}

void print_bash(const CLI::App& app) {
  fmt::print("_brownout() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}}\n");
  fmt::print("  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"");
  for (const auto* command : commands(app)) fmt::print("{} ", command->get_name());
  fmt::print("--help --version\" -- \"$word\"))\n    return\n  fi\n  local options=\n");
  fmt::print("  case ${{COMP_WORDS[1]}} in\n");
  for (const auto* command : commands(app)) {
    fmt::print("    {}) options=\"", command->get_name());
    for (const auto* below : commands(*command)) fmt::print("{} ", below->get_name());
    for (const auto* option : flags(*command)) fmt::print("--{} ", option->get_lnames().front());
    fmt::print("\" ;;\n");
  }
  // Prints the bash code that completes the second word, if the command has subcommands.
  fmt::print(
      "  esac\n  if [ \"$COMP_CWORD\" -eq 2 ] && [[ $options != -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n    return\n  fi\n");
  fmt::print("  case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n");
  fmt::print("    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}}\n");
  fmt::print("complete -o filenames -F _brownout brownout\n");
}

void print_zsh(const CLI::App& app) {
  fmt::print("#compdef brownout\n_brownout() {{\n  local -a commands\n  commands=(\n");
  for (const auto* command : commands(app)) {
    fmt::print("    '{}:{}'\n", command->get_name(), zsh_quoted(command->get_description()));
  }
  fmt::print(
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n");
  fmt::print("  case $words[2] in\n");
  for (const auto* command : commands(app)) {
    std::string below;
    for (const auto* nested : commands(*command)) below += nested->get_name() + " ";
    fmt::print("    {}) _arguments {}'*:file:_files'", command->get_name(),
               below.empty() ? "" : "'2:command:(" + below + ")' ");
    for (const auto* option : flags(*command)) {
      std::string about = zsh_quoted(option->get_description());
      std::erase_if(about, [](char c) { return c == '[' || c == ']' || c == ':'; });
      fmt::print(" '--{}[{}]'", option->get_lnames().front(), about);
    }
    fmt::print(" ;;\n");
  }
  fmt::print("  esac\n}}\n_brownout \"$@\"\n");
}

}  // namespace brownout::cli
