// The PROXY protocol, versions 1 and 2: how a proxy tells the next one whom it speaks for
// (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, sections 2.1 and 2.2).
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "rules/base/address.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

struct ProxyHeader {
  enum class State {
    kMore,    // bytes must come
    kHeader,  // it is there, and `length` bytes long
    kBroken,  // the connection does not begin with one
  };
  State state = State::kMore;
  std::size_t length = 0;
  // None where the proxy speaks for itself (LOCAL, UNKNOWN), or for a unix socket.
  std::optional<rules::IpAddress> client = {};
  std::uint16_t client_port = 0;
};
// Of version 2, with all that its length can say; version 1 is 107 bytes at most.
inline constexpr std::size_t kMostProxyHeader = 16 + 65'535;
ProxyHeader read_proxy_header(ByteView bytes);

// `version` is 1 or 2. Where client and server are of two families, both are told as IPv6, that of
// IPv4 mapped (RFC 4291, 2.5.5.2), as HAProxy does it. Without a client, or with a server that has
// no address, it says that nothing is known.
std::string write_proxy_header(int version, const std::optional<rules::IpAddress>& client,
                               std::uint16_t client_port,
                               const std::optional<rules::IpAddress>& server,
                               std::uint16_t server_port);

}  // namespace brownout::codecs
