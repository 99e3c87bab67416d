// Which texts a rule means: paths, header values, messages.
//
//   "/v1/*/messages"    a glob: * stands for any characters (slashes too), ? for one
//   "~^/v[0-9]+/login"  behind a ~, a regular expression (RE2's syntax), found anywhere
//
// Case counts. RE2 matches in linear time, whatever a client sends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rules/schema/schema.h"

namespace re2 {
class RE2;
}

namespace brownout::rules {

// ASCII letters alone, whatever the locale.
std::string lower_case(std::string_view text);

// Linear in practice: after a mismatch only the last * is tried again.
bool glob_matches(std::string_view pattern, std::string_view text);

class TextPattern {
 public:
  static Result<TextPattern> parse(std::string_view text);

  bool matches(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const re2::RE2> regex_;  // null: a glob
};

// Whether one of them matches; all texts match none.
bool any_matches(const std::vector<TextPattern>& patterns, std::string_view text);

template <>
struct ValueKind<TextPattern> {
  static std::string name() { return "pattern"; }
  static Result<TextPattern> read(const Node& node);
  static std::string print(const TextPattern& value) { return in_quotes(value.text()); }
};

// Of something that has names and values: a header, a user property.
struct HeaderPattern {
  std::string name;
  TextPattern value;
};
// `key = { name = "pattern" }`: all of them must match. `example` is what stands between the
// braces.
std::vector<HeaderPattern> read_header_patterns(std::string_view key, std::string_view example,
                                                const Node& node, Diagnostics& problems);

}  // namespace brownout::rules
