#include "rules/schema/port_range.h"

#include <algorithm>

#include "rules/base/whole_number.h"

namespace brownout::rules {

std::string to_text(const PortRange& range) {
  const auto first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

std::optional<PortRange> parse_port_range(std::string_view text) {
  const auto number = [](std::string_view digits) {
    return parse_whole_number<std::uint16_t>(digits, 65535);
  };
  const auto dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return PortRange{*first, *last};
}

Result<PortRange> ValueKind<PortRange>::read(const Node& node) {
  constexpr std::string_view kHint =
      R"(e.g. 443, or "8000-8999" with the lower port first; from 0 to 65535)";
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
    if (const auto range = parse_port_range(std::to_string(*number))) return *range;
    return config_error(std::to_string(*number) + " is not a port", std::string(kHint));
  }
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a port or a range of ports");
  if (const auto range = parse_port_range(*text)) return *range;
  const bool is_range = text->find('-') != std::string::npos;
  return config_error(in_quotes(*text) + (is_range ? " is not a range of ports" : " is not a port"),
                      std::string(kHint));
}

bool any_has(const std::vector<PortRange>& ranges, std::uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const PortRange& range) { return range.contains(port); });
}

}  // namespace brownout::rules
