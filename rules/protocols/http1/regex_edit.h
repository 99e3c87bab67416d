// RegexEdit replaces all matches of a regular expression (RE2 syntax) in a text. Immutable value;
// any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rules/base/result.h"

namespace re2 {
class RE2;
}

namespace brownout::rules {

class RegexEdit {
 public:
  // `with` may contain \1 to \9 for groups of the expression, \0 for the whole match and \\ for a
  // backslash.
  static Result<RegexEdit> parse(std::string_view regex, std::string_view with);

  // Returns the text with all matches replaced, or an error if there is no match, there are more
  // than 100,000, or the result is longer than `most` bytes.
  Result<std::string> apply(std::string_view text, std::size_t most) const;

 private:
  std::shared_ptr<const re2::RE2> regex_;
  std::string with_;
};

}  // namespace brownout::rules
