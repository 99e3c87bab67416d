#include "proxy/cli/complete.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "proxy/cli/command_tree.h"
#include "proxy/cli/complete_names.h"
#include "rules/base/terminal_text.h"

namespace brownout::cli {
namespace {

using Words = std::vector<std::string>;

// Whether a word consists of "=" and ":". bash splits words at these characters and passes them as
// words.
bool is_glue(const std::string& word) {
  return !word.empty() && word.find_first_not_of("=:") == std::string::npos;
}

// Joins the words that bash has split, such as the three words of "--output=json". `before`
// receives the part of the last word that bash does not replace.
Words joined(const Words& words, std::string& before) {
  Words whole;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool value = i > 0 && is_glue(words[i - 1]);
    if (whole.empty() || (!is_glue(words[i]) && !value)) {
      whole.push_back(words[i]);
      before.clear();
      continue;
    }
    before = whole.back() + (value ? "" : words[i]);
    whole.back() += words[i];
  }
  return whole;
}

// The meaning of the words ahead of the cursor.
struct CompletionLine {
  const CLI::App* command = nullptr;
  std::string name;                   // full name of the command, such as "ctl enable"
  const CLI::Option* open = nullptr;  // an option that waits for its value
  Words arguments;                    // words that are neither commands nor options
  CtlOptions ctl;                     // options to reach a running proxy, such as --url
};

const CLI::Option* option_named(const CLI::App& command, const std::string& word) {
  for (const auto* option : options_in_force(command)) {
    for (const auto& name : option->get_lnames()) {
      if ("--" + name == word) return option;
    }
  }
  return nullptr;
}

const CLI::App* command_named(const CLI::App& above, const std::string& name) {
  for (const auto* command : subcommands(above)) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

void remember(CtlOptions& ctl, const std::string& option, const std::string& value) {
  if (option == "--url") ctl.url = value;
  if (option == "--token-file") ctl.token_file = value;
  if (option == "--ca") ctl.ca = value;
}

CompletionLine read_line(const CLI::App& app, const Words& words) {
  CompletionLine line;
  line.command = &app;
  std::string option;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& word = words[i];
    if (line.open != nullptr) {
      remember(line.ctl, option, word);
      line.open = nullptr;
    } else if (word.starts_with("-")) {
      const auto equals = word.find('=');
      option = word.substr(0, equals);
      const auto* known = option_named(*line.command, option);
      const bool takes_value = known != nullptr && known->get_items_expected_max() > 0;
      if (equals == std::string::npos && takes_value) line.open = known;
      if (equals != std::string::npos) remember(line.ctl, option, word.substr(equals + 1));
    } else {
      const auto* below = line.arguments.empty() ? command_named(*line.command, word) : nullptr;
      if (below == nullptr) {
        line.arguments.push_back(word);
      } else {
        line.command = below;
        line.name += (line.name.empty() ? "" : " ") + word;
      }
    }
  }
  return line;
}

// Takes names from the running proxy for commands of `ctl`. The first argument of all other such
// commands is a rule file: takes the names from this file.
Candidates names_where_the_line_says(const CompletionLine& line, const std::string& kind) {
  if (line.name.starts_with("ctl")) return names_of_proxy(line.ctl, kind + "s");
  return line.arguments.empty() ? Candidates{} : names_in_file(line.arguments.front(), kind);
}

// Returns the possible values of an option. Returns nothing if the value is a file, or if the
// possible values are unknown.
std::optional<Candidates> values_for(const CompletionLine& line, const CLI::Option& option) {
  Candidates values;
  for (const auto& value : values_of(option)) values.emplace_back(value, "");
  if (!values.empty()) return values;
  const auto name = option.get_lnames().empty() ? std::string() : option.get_lnames().front();
  if (name == "listener") return names_where_the_line_says(line, "listener");
  if (name == "fault") return fault_names();
  return std::nullopt;
}

// Returns the words that an argument may be; nothing if the argument is a file.
std::optional<Candidates> arguments_for(const CompletionLine& line) {
  if (line.name == "ctl add") {
    return line.arguments.empty() ? fault_names() : keys_of_fault(line.arguments.front());
  }
  if (line.name == "ctl cut") return names_of_proxy(line.ctl, "flows");
  for (const auto* command : {"ctl rm", "ctl enable", "ctl disable", "ctl recount", "ctl reset"}) {
    if (line.name == command) return names_of_proxy(line.ctl, "rules");
  }
  if (line.name.starts_with("ctl")) return Candidates{};
  return std::nullopt;
}

Candidates options_for(const CompletionLine& line) {
  Candidates options;
  for (const auto* option : options_in_force(*line.command)) {
    for (const auto& name : option->get_lnames()) {
      options.emplace_back("--" + name, option->get_description());
    }
  }
  return options;
}

std::optional<Candidates> candidates_for(const CompletionLine& line, const std::string& word) {
  if (line.open != nullptr) return values_for(line, *line.open);
  if (word.starts_with("-")) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) return options_for(line);
    const auto* option = option_named(*line.command, word.substr(0, equals));
    auto values = option != nullptr ? values_for(line, *option) : std::nullopt;
    if (!values) return values;
    for (auto& value : *values) value.first.insert(0, word.substr(0, equals + 1));
    return values;
  }
  const auto below = subcommands(*line.command);
  if (below.empty()) return arguments_for(line);
  Candidates commands;
  for (const auto* command : below) {
    commands.emplace_back(command->get_name(), command->get_description());
  }
  return commands;
}

// Returns the first sentence of a description.
std::string short_text(const std::string& meaning) {
  return rules::printable(meaning.substr(0, meaning.find_first_of(".;")));
}

}  // namespace

int complete(const CLI::App& app, Words words) {
  if (words.empty()) words.emplace_back();
  const auto dashes = std::find(words.begin(), words.end() - 1, "--");
  if (dashes != words.end() - 1) {
    fmt::print(":command {}\n", dashes - words.begin() + 2);
    return 0;
  }
  std::string before;
  words = joined(words, before);
  const auto line = read_line(app, words);
  const auto& word = words.back();
  const auto candidates = candidates_for(line, word);
  if (!candidates) {
    fmt::print(":files\n");
    return 0;
  }
  fmt::print(":words\n");
  for (const auto& [candidate, meaning] : *candidates) {
    // Leaves out names with a line end or a tab, after which the shell would read another
    // candidate.
    if (!candidate.starts_with(word) || rules::printable(candidate) != candidate) continue;
    if (candidate.size() == before.size()) continue;
    fmt::print("{}\t{}\n", candidate.substr(before.size()), short_text(meaning));
  }
  return 0;
}

}  // namespace brownout::cli
