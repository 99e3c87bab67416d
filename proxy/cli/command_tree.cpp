#include "proxy/cli/command_tree.h"

#include <algorithm>

namespace brownout::cli {

std::vector<const CLI::App*> subcommands(const CLI::App& app) {
  return app.get_subcommands(
      [](const CLI::App* subcommand) { return !subcommand->get_group().empty(); });
}

std::vector<std::pair<std::string, const CLI::App*>> leaves(const CLI::App& app,
                                                            const std::string& before) {
  std::vector<std::pair<std::string, const CLI::App*>> list;
  for (const auto* command : subcommands(app)) {
    const auto name = before + command->get_name();
    const auto below = leaves(*command, name + " ");
    if (below.empty()) list.emplace_back(name, command);
    list.insert(list.end(), below.begin(), below.end());
  }
  return list;
}

std::vector<const CLI::Option*> options_in_force(const CLI::App& command) {
  const auto own = command.get_options();
  std::vector<const CLI::Option*> list(own.begin(), own.end());
  for (const auto* above = command.get_parent(); above != nullptr; above = above->get_parent()) {
    for (const auto* option : above->get_options()) {
      const bool help = option == above->get_help_ptr();
      if (!help && above->get_parent() != nullptr) list.push_back(option);
    }
  }
  return list;
}

std::vector<std::string> values_of(const CLI::Option& option) {
  // CLI11 offers the allowed values only as part of a description: "TEXT:{debug,info,warn}".
  const auto type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

}  // namespace brownout::cli
