#include "rules/schema/file_text.h"

#include <algorithm>

#include "rules/base/terminal_text.h"
#include "rules/base/valid_text.h"

namespace brownout::rules {

Result<const FileText*> file_of(const Node& node) {
  const auto* file = node.file();
  if (file == nullptr && node.string() == nullptr) return wrong_type(node, "the path of a file");
  if (file == nullptr) {
    return config_error(
        node.string()->empty() ? "is empty" : "files cannot be read in this context",
        "write the path of a file, or leave the key out");
  }
  if (file->why_not.empty()) return file;
  return config_error(printable(file->path) + ": " + file->why_not, file->hint);
}

tl::unexpected<Error> error_in_line(std::size_t line, std::string_view word, std::string_view what,
                                    std::string hint) {
  constexpr std::size_t kMostShown = 40;
  const auto shown =
      printable(shortened(word, kMostShown)) + (word.size() > kMostShown ? "..." : "");
  return config_error(
      "line " + std::to_string(line) + ": " + in_quotes(shown) + " " + std::string(what),
      std::move(hint));
}

std::string_view take_word(std::string_view& line) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlanks)));
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace brownout::rules
