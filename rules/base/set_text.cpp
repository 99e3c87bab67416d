#include "rules/base/set_text.h"

namespace brownout::rules {

std::string set_text(unsigned set, std::span<const std::pair<unsigned, std::string_view>> names) {
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((set & bit) == 0) continue;
    const bool last = set < bit * 2;
    if (!text.empty()) text += last ? " and " : ", ";
    text += name;
  }
  return text;
}

}  // namespace brownout::rules
