// A key of a rule file may name a file. The loader reads the file and puts its text in place of the
// path (rules/language/file_texts.h), so that reading the key needs no I/O. Pure functions; any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/terminal_text.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// The type of these keys on the reference page, by which the loader knows them.
inline constexpr std::string_view kFilePath = "path of a file";

// Returns the file that a key names, or an error why it cannot be read. The file is borrowed from
// the node.
Result<const FileText*> file_of(const Node& node);

// Parses the file that a key names, by T::parse(). An error begins with the path of the file.
template <class T>
Result<T> parsed_file(const Node& node) {
  const auto file = file_of(node);
  if (!file) return tl::unexpected(file.error());
  auto value = T::parse((*file)->text);
  if (!value) value.error().what = printable((*file)->path) + ": " + value.error().what;
  return value;
}

// Returns an error in a line, counted from 1, of a file.
tl::unexpected<Error> error_in_line(std::size_t line, std::string_view word, std::string_view what,
                                    std::string hint);

// Calls visit(number of the line, its words) for each line of a file of numbers, until visit
// returns false. A word ends at a blank.
template <class Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    if (!visit(line, text.substr(0, end))) return;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

// Removes the first word of a line and returns it; "" at the end.
std::string_view take_word(std::string_view& line);

}  // namespace brownout::rules
