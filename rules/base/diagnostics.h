// Diagnostics collects all errors of a rule file while it is read. render() returns them as text
// with the quoted line; suggest() forms the hint for a misspelled word.
//
//   rules.toml:12:21: error: unknown key "jiter" in fault "latency"
//      12 | fault = { type = "latency", jiter = "5ms" }
//         |                             ^
//      did you mean "jitter"? (allowed: delay, jitter, correlation, ...)
//
// A Diagnostics belongs to the caller that reads the file; one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/base/result.h"

namespace brownout::rules {

struct Diagnostic {
  Position where;
  std::string what;
  std::string hint;
};

class Diagnostics {
 public:
  static constexpr std::size_t kMost = 1000;

  void add(Position where, std::string what, std::string hint = {});
  void add_all(const Diagnostics& others);
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  // Returns true once kMost errors are stored. After that, add() ignores further errors.
  bool full() const { return list_.size() >= kMost; }
  // Returns the errors in the order of their positions in the file.
  std::vector<Diagnostic> sorted() const;

  // Adds a note on a setting that is valid, but unlikely to do what the author intended. At most
  // kMost are stored.
  void note(Position where, std::string what, std::string hint);
  // Returns the notes since the last call.
  std::vector<Diagnostic> take_notes() { return std::exchange(notes_, {}); }

 private:
  std::vector<Diagnostic> list_;
  std::vector<Diagnostic> notes_;
};

// Returns the errors as text, as in the example above. `file` is the name of the file, and `source`
// its text, from which lines are quoted. `severity` is "error" or "warning".
std::string render(const Diagnostics& found, std::string_view file, std::string_view source,
                   std::string_view severity = "error");

// Returns the candidate with the smallest edit distance to `word`, or "" if no candidate is similar
// enough to suggest.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// Returns `did you mean "x"? (allowed: x, y, z)`, or only `allowed: x, y, z` if no candidate is
// similar to `word`.
std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

std::string in_quotes(std::string_view text);

}  // namespace brownout::rules
