// NamePattern matches domain names and host names. Comparison ignores case (RFC 4343) and a
// trailing dot.
//
//   "chat.example.org"    this name
//   ".example.org"        example.org and every name below it
//   "*.example.org"       a glob: * matches any characters (dots, too), ? matches one
//
// Plain values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

// Returns the form in which names are compared: lower case, without a trailing dot. The root is "".
std::string canonical_name(std::string_view name);
// Returns the name without its first label: "example.org" for "chat.example.org". The parent of the
// root is the root.
std::string_view parent_name(std::string_view name);

class NamePattern {
 public:
  static Result<NamePattern> parse(std::string_view text);

  // `name` must be in the form that canonical_name() returns.
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
