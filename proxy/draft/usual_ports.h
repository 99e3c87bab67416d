// The ports on which servers of a protocol usually listen. A guess, for files that people edit.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace brownout::draft {

struct UsualPort {
  std::uint16_t port;
  std::string_view protocol;  // as in a rule file
};

// IANA's ports, the defaults of servers, and those that web frameworks take for development. The
// first row of a protocol is its own port.
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

// 0 if none is usual.
constexpr std::uint16_t usual_port(std::string_view protocol) {
  for (const auto& known : kUsualPorts) {
    if (known.protocol == protocol) return known.port;
  }
  return 0;
}

}  // namespace brownout::draft
