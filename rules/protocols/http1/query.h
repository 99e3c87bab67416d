// Reads and changes the parameters of a URL's query: "page=1&name=J%C3%B6rg"
// (application/x-www-form-urlencoded, WHATWG URL Standard, 5.1). Any text is valid input. Pure; any
// thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

// Whether `is` returns true for any parameter. Names and values are decoded: + is a space, %41 is
// A, and a % without two hexadecimal digits stays. A parameter without = has the value "".
bool any_parameter(std::string_view query,
                   const std::function<bool(std::string_view name, std::string_view value)>& is);

struct QueryParameter {
  std::string name;  // decoded, like `value`
  std::string value;
};

// Reads a table of names and values: { page = "1", size = 20 }.
template <>
struct ValueKind<std::vector<QueryParameter>> {
  static std::string name() { return "table of parameters"; }
  static Result<std::vector<QueryParameter>> read(const Node& node);
  static std::string print(const std::vector<QueryParameter>&) { return "none"; }
};

// Returns the query with this value in place of the first parameter of this name, and without its
// others. Adds the parameter if there is none. All other parameters keep their text.
std::string with_parameter(std::string_view query, const QueryParameter& parameter);
// Returns the query without the parameters of these names.
std::string without_parameters(std::string_view query, const std::vector<std::string>& names);

}  // namespace brownout::rules
