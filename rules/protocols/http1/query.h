// Reads the parameters of a URL's query: "page=1&name=J%C3%B6rg"
// (application/x-www-form-urlencoded, WHATWG URL Standard, 5.1). Any text is valid input. Pure; any
// thread.
#pragma once

#include <functional>
#include <string_view>

namespace brownout::rules {

// Whether `is` returns true for a parameter. Names and values are decoded: + is a space, %41 is A,
// and a % without two hexadecimal digits stays. A parameter without = has the value "".
bool any_parameter(std::string_view query,
                   const std::function<bool(std::string_view name, std::string_view value)>& is);

}  // namespace brownout::rules
