// PortRange is a port or an inclusive range of ports: 443, "8000-8999". Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;
  bool contains(std::uint16_t port) const { return first <= port && port <= last; }
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

std::string to_text(const PortRange& range);
std::optional<PortRange> parse_port_range(std::string_view text);
bool any_has(const std::vector<PortRange>& ranges, std::uint16_t port);

template <>
struct ValueKind<PortRange> {
  static std::string name() { return "port or range"; }
  static Result<PortRange> read(const Node& node);
  static std::string print(const PortRange& value) { return in_quotes(to_text(value)); }
};

}  // namespace brownout::rules
