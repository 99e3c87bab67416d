// HttpVersion: the value of keys that choose the version of HTTP which a server speaks. Plain
// values; any thread.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "rules/schema/schema.h"

namespace brownout::rules {

// kAuto: over TLS, a client of HTTP/2 gets what the server chooses by ALPN; without TLS, the server
// gets the client's version. A client of HTTP/1 gets HTTP/1.
enum class HttpVersion { kAuto, k1, k2 };

template <>
struct EnumNames<HttpVersion> {
  static constexpr std::array kValues{
      std::pair<std::string_view, HttpVersion>{"auto", HttpVersion::kAuto},
      std::pair<std::string_view, HttpVersion>{"1", HttpVersion::k1},
      std::pair<std::string_view, HttpVersion>{"2", HttpVersion::k2}};
};

}  // namespace brownout::rules
