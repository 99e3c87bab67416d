#include "proxy/cli/exit_codes.h"

#include <fmt/core.h>

namespace brownout::cli {
namespace {

constexpr std::size_t kMeaningWidth = 70;

}  // namespace

std::string exit_codes_text() {
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : kExitCodes) {
    auto rest = meaning;
    auto first = code;
    while (!rest.empty()) {
      auto end = rest.size() <= kMeaningWidth ? rest.size() : rest.rfind(' ', kMeaningWidth);
      text += fmt::format("  {:<6} {}\n", first, rest.substr(0, end));
      first = {};
      rest.remove_prefix(end);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace brownout::cli
