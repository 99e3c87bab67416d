#include "proxy/draft/draft.h"

#include <sstream>

#include "rules/base/diagnostics.h"
#include "rules/base/terminal_text.h"
#include "rules/language/load_toml.h"

namespace brownout::draft {
namespace {

constexpr std::size_t kWidth = 98;
// Limit of tables. A longer file is too long for people, and takes seconds to check.
constexpr std::size_t kMostTables = 2000;
// Column in which the comments after values begin, unless a value is longer.
constexpr std::size_t kNoteColumn = 40;

std::string comment(const std::string& text) {
  std::istringstream words(rules::printable(text));
  std::string lines;
  std::string line = "#";
  for (std::string word; words >> word;) {
    if (line.size() > 1 && line.size() + 1 + word.size() > kWidth) {
      lines += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return lines + line + "\n";
}

std::string to_text(const Table& table) {
  const std::string off = table.on ? "" : "#";
  std::string text = table.about.empty() ? "" : comment(table.about);
  text += off + "[[" + table.kind + "]]\n";
  for (const auto& line : table.lines) {
    auto entry = off + line.key + " = " + line.value;
    if (!line.note.empty()) {
      if (entry.size() < kNoteColumn) entry.resize(kNoteColumn, ' ');
      entry += " # " + rules::printable(line.note);
    }
    text += entry + "\n";
  }
  return text;
}

std::string written(const Draft& draft) {
  std::string text;
  for (const auto& paragraph : draft.about) text += comment(paragraph);
  text += "version = 1\n";
  for (const auto& table : draft.tables) text += "\n" + to_text(table);
  return text;
}

}  // namespace

std::string Names::take(const std::string& wanted) {
  auto name = wanted;
  int& last = last_.try_emplace(wanted, 1).first->second;
  while (!taken_.insert(name).second) name = wanted + " " + std::to_string(++last);
  return name;
}

rules::Result<std::string> text_of(const Draft& draft) {
  if (draft.tables.size() > kMostTables) {
    return rules::config_error(
        "the file would have " + std::to_string(draft.tables.size()) + " tables",
        "at most " + std::to_string(kMostTables) + "; import a part of the input");
  }
  auto all_on = draft;
  for (auto& table : all_on.tables) table.on = true;
  const auto text = written(draft);
  for (const auto& checked : {text, written(all_on)}) {
    const auto config = rules::load_toml(checked);
    if (config) continue;
    const auto mistake = config.error().sorted().front();
    return rules::config_error(
        "the rule file that this input leads to would be invalid: " + mistake.what, mistake.hint);
  }
  return text;
}

}  // namespace brownout::draft
