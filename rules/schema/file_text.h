// Functions for keys of a rule file whose value is the path of a file, such as a delivery trace.
// The loader has already replaced the path by the text of the file (rules/language/file_texts.h),
// so these functions need no I/O. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/terminal_text.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// The type name of such keys on the reference page. The loader recognizes such keys by it.
inline constexpr std::string_view kFilePath = "path of a file";

// Returns the file that a key names, or the error of reading it. The file is borrowed from the
// node.
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

// Calls read(number of the line, line, into) for each line of `text`, from number 1, without
// comments (from # to the end). Returns the first error of read().
template <class Into, class Read>
Result<void> read_lines(std::string_view text, Into& into, const Read& read) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (auto done = read(number, line.substr(0, line.find('#')), into); !done) return done;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

// Removes the first word of a line and returns it; "" at the end.
std::string_view take_word(std::string_view& line);

}  // namespace brownout::rules
