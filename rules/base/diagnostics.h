// Collects all errors of a rule file while it is read, and renders them with the quoted line.
//
//   rules.toml:12:21: error: unknown key "jiter" in fault "latency"
//      12 | fault = { type = "latency", jiter = "5ms" }
//         |                             ^
//      did you mean "jitter"? (allowed: delay, jitter, correlation, ...)
#pragma once

#include <span>
#include <string>
#include <string_view>
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
  // True after kMost entries; add() ignores later ones.
  bool full() const { return list_.size() >= kMost; }
  // In the order of their positions in the file.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> list_;
};

// `source` is the text of the file, from which lines are quoted. `severity` is "error" or
// "warning".
std::string render(const Diagnostics& found, std::string_view file, std::string_view source,
                   std::string_view severity = "error");

// The candidate nearest to `word` by edit distance, or "" if no candidate is close enough to
// suggest.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// `did you mean "x"? (allowed: x, y, z)`, or `allowed: x, y, z` if no candidate is near.
std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

std::string in_quotes(std::string_view text);

}  // namespace brownout::rules
