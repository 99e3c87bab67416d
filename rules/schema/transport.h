// Transport is the transport protocol of a rule or query: TCP or UDP. Plain values; any thread.
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
