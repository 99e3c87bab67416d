#include "rules/base/list_text.h"

namespace brownout::rules {
namespace {

std::string joined(const std::vector<std::string_view>& names, std::string_view before_last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? before_last : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace

std::string list_text(const std::vector<std::string_view>& names) { return joined(names, ", "); }

std::string and_text(const std::vector<std::string_view>& names) { return joined(names, " and "); }

}  // namespace brownout::rules
