// HttpVersion: the HTTP version that the proxy uses towards a server, as keys of the rule file set
// it. Plain values; any thread.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "rules/schema/schema.h"

namespace brownout::rules {

// kAuto: for requests of HTTP/2 clients, a server with TLS chooses the version by ALPN, and a
// server without TLS is tried with HTTP/2 first. Requests of HTTP/1 clients are sent as HTTP/1.
enum class HttpVersion { kAuto, k1, k2 };

template <>
struct EnumNames<HttpVersion> {
  static constexpr std::array kValues{
      std::pair<std::string_view, HttpVersion>{"auto", HttpVersion::kAuto},
      std::pair<std::string_view, HttpVersion>{"1", HttpVersion::k1},
      std::pair<std::string_view, HttpVersion>{"2", HttpVersion::k2}};
};

}  // namespace brownout::rules
