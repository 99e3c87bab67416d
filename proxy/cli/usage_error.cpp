#include "proxy/cli/usage_error.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

#include "proxy/cli/command_tree.h"
#include "rules/base/diagnostics.h"
#include "rules/base/terminal_text.h"

namespace brownout::cli {
namespace {

std::vector<std::string> subcommands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(below->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : options_in_force(command)) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

}  // namespace

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* command = app;
  std::string name = app->get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  const auto help = "`" + name + " --help` shows how to use it";
  const auto rest = app->remaining(true);
  if (rest.empty()) return std::string("error: ") + error.what() + "\n     = " + help + "\n";
  const std::string unknown = rest.front().substr(0, rest.front().find('='));
  const bool option = unknown.starts_with('-');
  const auto names = option ? options_of(*command) : subcommands_of(*command);
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string text = "error: " + name + " has no " + (option ? "option " : "command ");
  if (!option && names.empty()) text = "error: " + name + " does not take the argument ";
  text += rules::printable(rules::in_quotes(unknown)) + "\n     = ";
  const auto near = rules::nearest(unknown, candidates);
  if (!near.empty()) return text + "did you mean " + rules::in_quotes(near) + "?\n";
  if (option && command->get_name() == "exec") {
    return text + "write -- before the command: brownout exec rules.toml -- curl -s ...\n";
  }
  return text + help + "\n";
}

}  // namespace brownout::cli
