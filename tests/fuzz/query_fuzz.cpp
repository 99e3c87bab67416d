// Fuzzes the reader of a query's parameters: decoding never makes text longer, and each parameter
// that is told is found by its name and value.
#include <cstdint>
#include <string>
#include <string_view>

#include "rules/protocols/http1/query.h"
#include "tests/fuzz/require.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  std::size_t told = 0;
  std::string last_name;
  std::string last_value;
  rules::any_parameter(query, [&](std::string_view name, std::string_view value) {
    told += name.size() + value.size();
    last_name = name;
    last_value = value;
    return false;
  });
  require(told <= size);
  const bool any = query.find_first_not_of('&') != std::string_view::npos;
  require(any == rules::any_parameter(query, [&](std::string_view name, std::string_view value) {
            return name == last_name && value == last_value;
          }));
  return 0;
}
