// Unreachable is the reason in an ICMP message "destination unreachable" (RFC 792; RFC 4443, 3.1).
// A plain value; any thread.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class Unreachable { kHost, kNet, kPort, kProhibited };

template <>
struct EnumNames<Unreachable> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Unreachable>{"host", Unreachable::kHost},
      std::pair<std::string_view, Unreachable>{"net", Unreachable::kNet},
      std::pair<std::string_view, Unreachable>{"port", Unreachable::kPort},
      std::pair<std::string_view, Unreachable>{"prohibited", Unreachable::kProhibited}};
};

}  // namespace brownout::rules
