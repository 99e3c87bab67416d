// Which domain or host names a rule means. Names are compared without regard to case and without
// the dot at the end (RFC 4343).
//
//   "chat.example.org"    this name
//   ".example.org"        example.org and every name below it
//   "*.example.org"       a glob: * stands for any characters (dots too), ? for one
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

// In lower case, without the dot at the end: as names are compared. The root is "".
std::string canonical_name(std::string_view name);
// "example.org" of "chat.example.org"; the root's is the root.
std::string_view parent_name(std::string_view name);

class NamePattern {
 public:
  static Result<NamePattern> parse(std::string_view text);

  // `name` in lower case, without the dot at the end; the root is "".
  bool matches(std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool any_matches(const std::vector<NamePattern>& patterns, std::string_view name);

template <>
struct ValueKind<NamePattern> {
  static std::string name() { return "name pattern"; }
  static Result<NamePattern> read(const Node& node);
  static std::string print(const NamePattern& value) { return in_quotes(value.text()); }
};

}  // namespace brownout::rules
