// TextPattern matches text such as paths, header values and messages, by a glob or a regular
// expression.
//
//   "/v1/*/messages"    a glob: * matches any characters (slashes, too), ? matches one byte
//   "~^/v[0-9]+/login"  after ~, a regular expression (RE2 syntax) that may match anywhere
//
// Patterns are case-sensitive. RE2 matches in linear time, also on hostile input.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rules/schema/schema.h"

namespace re2 {
class RE2;
}

namespace brownout::rules {

// Converts ASCII letters to lower case, independently of the locale.
std::string lower_case(std::string_view text);

// Whether a glob matches the text. Backtracks to the last * only, so the time is linear in
// practice.
bool glob_matches(std::string_view pattern, std::string_view text);

class TextPattern {
 public:
  static Result<TextPattern> parse(std::string_view text);

  bool matches(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const re2::RE2> regex_;  // null if the pattern is a glob
};

// Whether any of the patterns matches; false for an empty list.
bool any_matches(const std::vector<TextPattern>& patterns, std::string_view text);

template <>
struct ValueKind<TextPattern> {
  static std::string name() { return "pattern"; }
  static Result<TextPattern> read(const Node& node);
  static std::string print(const TextPattern& value) { return in_quotes(value.text()); }
};

// A pattern for a value with a certain name, such as an HTTP header or an MQTT user property.
struct HeaderPattern {
  std::string name;
  TextPattern value;
};
// Reads `key = { name = "pattern", ... }`; all patterns must match. The hint of an error shows
// `key = { example }`.
std::vector<HeaderPattern> read_header_patterns(std::string_view key, std::string_view example,
                                                const Node& node, Diagnostics& problems);

}  // namespace brownout::rules
