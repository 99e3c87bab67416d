#include "rules/language/period.h"

namespace brownout::rules {

Result<Period> ValueKind<Period>::read(const Node& node) {
  constexpr std::string_view kHint =
      R"(write two times after the loading of the rule, e.g. "10s-20s")";
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a period as text");
  const auto dash = text->find('-');
  if (dash == std::string::npos) {
    return config_error(in_quotes(*text) + " is not a period", std::string(kHint));
  }
  const auto open = parse_duration(std::string_view(*text).substr(0, dash));
  const auto close = parse_duration(std::string_view(*text).substr(dash + 1));
  if (!open || !close) {
    return config_error(in_quotes(*text) + " is not a period", std::string(kHint));
  }
  if (*open >= *close) {
    return config_error("the period " + in_quotes(*text) + " ends before it begins",
                        std::string(kHint));
  }
  return Period{*open, *close};
}

}  // namespace brownout::rules
