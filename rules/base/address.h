// Addresses as values: where to listen, where to dial, whom a rule means. Nothing here resolves
// names.
//
//   IpAddress  16 bytes; IPv4 in its mapped form (RFC 4291 2.5.5.2): one comparison serves both
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
  unsigned length = 128;  // of 128 bits: an IPv4 /16 is 112

  bool contains(const IpAddress& address) const;
  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

bool any_contains(const std::vector<Prefix>& prefixes, const std::optional<IpAddress>& address);

// The first `length` bits of `address`, the rest zero.
IpAddress masked(const IpAddress& address, unsigned length);

struct Endpoint {
  std::string host;        // a name or an address; empty for a unix socket
  std::uint16_t port = 0;  // 0 when listening: any free port
  std::string path;        // of a unix socket

  bool is_unix() const { return !path.empty(); }
  std::optional<IpAddress> ip() const { return IpAddress::parse(host); }
  // "[::]": as a place to listen it is every address of the machine, IPv4 too.
  bool is_any_v6() const { return ip() == IpAddress{}; }
  // "0.0.0.0" or "[::]".
  bool is_any() const { return is_any_v6() || ip() == IpAddress::v4({}); }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// One end of a flow: "10.1.2.3", "10.1.2.3:1883", "[::1]:1883"; 0 where no port is given.
struct AddressPort {
  IpAddress address;
  std::uint16_t port = 0;
};
std::optional<AddressPort> parse_address_port(std::string_view text);

Result<Prefix> parse_prefix(std::string_view text);
Result<Endpoint> parse_endpoint(std::string_view text);
// Where to listen: also ":1883", which is "[::]:1883", every address of the machine.
Result<Endpoint> parse_listen(std::string_view text);

std::string to_text(const IpAddress& address);
std::string to_text(const IpAddress& address, std::uint16_t port);
std::string to_text(const Prefix& prefix);
std::string to_text(const Endpoint& endpoint);

}  // namespace brownout::rules
