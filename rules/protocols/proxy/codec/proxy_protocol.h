// Reads and writes headers of the PROXY protocol, versions 1 and 2. In such a header, a proxy sends
// the address of its client to the next server.
// Source: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, sections 2.1 and 2.2.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "rules/base/address.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

struct ProxyHeader {
  enum class State {
    kMore,    // more bytes are needed
    kHeader,  // the header is complete and has `length` bytes
    kBroken,  // the connection does not begin with a PROXY header
  };
  State state = State::kMore;
  std::size_t length = 0;
  // Address of the client. No value if the connection is the proxy's own (LOCAL), if the address is
  // unknown (UNKNOWN), or for a unix socket.
  std::optional<rules::IpAddress> client = {};
  std::uint16_t client_port = 0;
};
// Maximum size of a header in bytes, reached by version 2: its length field has 16 bits. A version
// 1 header has at most 107 bytes.
inline constexpr std::size_t kMostProxyHeader = 16 + 65'535;
ProxyHeader read_proxy_header(ByteView bytes);

// Writes a header of version 1 or 2. If one address is IPv4 and the other IPv6, the header has both
// as IPv6: the IPv4 address is written IPv4-mapped (RFC 4291, 2.5.5.2), as HAProxy does. If either
// address is unknown, the header is UNKNOWN (version 1) or LOCAL (version 2).
std::string write_proxy_header(int version, const std::optional<rules::IpAddress>& client,
                               std::uint16_t client_port,
                               const std::optional<rules::IpAddress>& server,
                               std::uint16_t server_port);

}  // namespace brownout::codecs
