// IP addresses, prefixes and endpoints as plain values, parsed from text and printed. No function
// resolves names. A malformed text is an error value with a hint.
//
//   IpAddress  16 bytes; IPv4 is stored IPv4-mapped (RFC 4291, 2.5.5.2), so it compares with IPv6
//   Prefix     "10.1.0.0/16", "2001:db8::/32", or a single address
//   Endpoint   "127.0.0.1:1884", "[::1]:1884", "broker.example:1883", "unix:/run/chat.sock"
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/result.h"

namespace brownout::rules {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static IpAddress v4(std::array<std::uint8_t, 4> octets);
  static std::optional<IpAddress> parse(std::string_view text);
  bool is_v4() const;
  bool is_loopback() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

struct Prefix {
  IpAddress network;
  unsigned length = 128;  // prefix length in bits of the 128-bit address: an IPv4 /16 has 112

  bool contains(const IpAddress& address) const;
  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

// Whether one of the prefixes contains the address; false if there is no address.
bool any_contains(const std::vector<Prefix>& prefixes, const std::optional<IpAddress>& address);

// Returns `address` with all bits after the first `length` set to zero.
IpAddress masked(const IpAddress& address, unsigned length);

struct Endpoint {
  std::string host;  // host name or IP address; empty for a unix socket
  // TCP or UDP port; for a listener, 0 means that the kernel chooses a free port.
  std::uint16_t port = 0;
  std::string path;  // file system path of a unix socket; empty for IP endpoints

  bool is_unix() const { return !path.empty(); }
  std::optional<IpAddress> ip() const { return IpAddress::parse(host); }
  // Whether the host is "[::]". A listener on it accepts IPv6 and IPv4.
  bool is_any_v6() const { return ip() == IpAddress{}; }
  // Whether the host is "0.0.0.0" or "[::]".
  bool is_any() const { return is_any_v6() || ip() == IpAddress::v4({}); }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// The IP address of one end of a flow, with an optional port: "10.1.2.3", "10.1.2.3:1883" or
// "[::1]:1883". Without a port, `port` is 0.
struct AddressPort {
  IpAddress address;
  std::uint16_t port = 0;
};
std::optional<AddressPort> parse_address_port(std::string_view text);

Result<Prefix> parse_prefix(std::string_view text);
Result<Endpoint> parse_endpoint(std::string_view text);
// Like parse_endpoint(), but also accepts ":1883" for "[::]:1883" (every local address).
Result<Endpoint> parse_listen(std::string_view text);

std::string to_text(const IpAddress& address);
std::string to_text(const IpAddress& address, std::uint16_t port);
std::string to_text(const Prefix& prefix);
std::string to_text(const Endpoint& endpoint);

}  // namespace brownout::rules
