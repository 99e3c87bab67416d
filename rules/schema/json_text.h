// Reads and edits values in JSON text (RFC 8259) in place. Everything that is not edited keeps its
// bytes, including the order of members, large numbers and white space. Values are found by JSON
// pointers (RFC 6901); merge patches are supported (RFC 7396).
//
// Memory use is proportional to the text, and there is no recursion over input from a peer. If a
// name occurs twice in an object, the last member counts, as in most parsers. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/json_syntax.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

bool is_json_object(std::string_view text);
// Whether the text is JSON that merge_json() can apply: with at most 64 levels, and numbers that a
// double can hold.
bool is_merge_patch(std::string_view text);
// Returns the value as JSON text, or an error for dates, infinity and NaN, which JSON lacks.
Result<std::string> json_of(const Node& node);

class JsonPointer {
 public:
  // Reads "", "/a/b", "/items/0", "/a~1b" (~0 is ~, ~1 is /).
  static Result<JsonPointer> parse(std::string_view text);
  JsonPointer() = default;

  const std::vector<std::string>& names() const { return names_; }
  // Returns the text that parse() reads.
  std::string to_text() const;
  // Returns the pointer to a member of the value.
  JsonPointer of(std::string name) const;

 private:
  std::vector<std::string> names_;
};

template <>
struct ValueKind<JsonPointer> {
  static std::string name() { return "JSON pointer"; }
  static Result<JsonPointer> read(const Node& node);
  static std::string print(const JsonPointer&) { return "none"; }
};

// Returns the value at the pointer as it is written, or "" if there is none. `json` must be JSON.
std::string_view json_value(std::string_view json, const JsonPointer& at);
// Returns the text of a JSON value: a string without quotes and with escapes decoded, any other
// value as it is written.
std::string json_words(std::string_view value);
// Whether there is a value at the pointer. `json` must be JSON.
bool has_member(std::string_view json, const JsonPointer& at);

// The next functions change `json`, which must be JSON, and return whether they changed it.

// Replaces the value at the pointer by `value`, which must be JSON. Adds a member that the object
// lacks; "-" adds an element to an array. False if the object or array is missing.
bool set_json(std::string& json, const JsonPointer& at, std::string_view value);
// Removes a member or an element. False if there is none.
bool remove_json(std::string& json, const JsonPointer& at);
// Applies a merge patch.
bool merge_json(std::string& json, std::string_view patch);

}  // namespace brownout::rules
