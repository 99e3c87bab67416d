// Transport is a transport protocol, TCP or UDP, as a condition of firewall lines and DNS rules.
// Plain values; any thread.
#pragma once

#include <array>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class Transport { kTcp, kUdp };

template <>
struct EnumNames<Transport> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Transport>{"tcp", Transport::kTcp},
      std::pair<std::string_view, Transport>{"udp", Transport::kUdp}};
};

}  // namespace brownout::rules
