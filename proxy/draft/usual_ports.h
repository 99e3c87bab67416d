// A table of well-known ports and the protocol that servers usually speak there. `brownout init`
// guesses a protocol from a port, and a port from a protocol.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace brownout::draft {

struct UsualPort {
  std::uint16_t port;
  std::string_view protocol;  // as in a rule file
};

// IANA's ports, default ports of servers, and usual ports of web frameworks in development. The
// first row of a protocol has its usual port.
inline constexpr std::array kUsualPorts{
    UsualPort{53, "dns"},    UsualPort{80, "http"},   UsualPort{443, "tls"},
    UsualPort{1883, "mqtt"}, UsualPort{3000, "http"}, UsualPort{4222, "nats"},
    UsualPort{5000, "http"}, UsualPort{5222, "xmpp"}, UsualPort{6379, "redis"},
    UsualPort{8000, "http"}, UsualPort{8080, "http"}, UsualPort{8081, "http"},
    UsualPort{8443, "tls"},  UsualPort{8883, "tls"}};

constexpr std::string_view usual_protocol(std::uint16_t port) {
  for (const auto& known : kUsualPorts) {
    if (known.port == port) return known.protocol;
  }
  return {};
}

// Returns the usual port of a protocol; 0 without a usual port.
constexpr std::uint16_t usual_port(std::string_view protocol) {
  for (const auto& known : kUsualPorts) {
    if (known.protocol == protocol) return known.port;
  }
  return 0;
}

}  // namespace brownout::draft
