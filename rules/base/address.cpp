#include "rules/base/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "rules/base/diagnostics.h"
#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

constexpr std::string_view kEndpointForm =
    R"(write "127.0.0.1:1883", "[::1]:1883", "host.example:1883" or "unix:/path/to/socket")";

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::copy(octets.begin(), octets.end(), address.bytes.begin() + kMapped.size());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 4> octets{};
  if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1) return v4(octets);
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  IpAddress loopback;
  loopback.bytes[15] = 1;
  return *this == loopback;
}

IpAddress masked(const IpAddress& address, unsigned length) {
  IpAddress result = address;
  for (unsigned i = 0; i < result.bytes.size(); ++i) {
    const unsigned before = i * 8;
    const unsigned kept = length > before ? std::min(length - before, 8U) : 0;
    result.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return result;
}

bool Prefix::contains(const IpAddress& address) const { return masked(address, length) == network; }

bool any_contains(const std::vector<Prefix>& prefixes, const std::optional<IpAddress>& address) {
  return address && std::any_of(prefixes.begin(), prefixes.end(),
                                [&](const Prefix& prefix) { return prefix.contains(*address); });
}

std::optional<AddressPort> parse_address_port(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return AddressPort{*address, 0};
  const auto endpoint = parse_endpoint(text);
  if (!endpoint || !endpoint->ip()) return std::nullopt;
  return AddressPort{*endpoint->ip(), endpoint->port};
}

Result<Prefix> parse_prefix(std::string_view text) {
  constexpr std::string_view kForm = R"(write "10.1.0.0/16", "2001:db8::/32" or a single address)";
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return config_error(in_quotes(text) + " is not a prefix", std::string(kForm));
  // "::ffff:10.0.0.0/104" is the IPv4-mapped form of 10.0.0.0/8 (RFC 4291, 2.5.5.2).
  const bool mapped = address->is_v4() && text.substr(0, slash).find(':') != std::string_view::npos;
  const bool v4 = address->is_v4() && !mapped;
  const unsigned most = v4 ? 32 : 128;
  unsigned length = most;
  if (slash != std::string_view::npos) {
    const auto given = parse_whole_number(text.substr(slash + 1), most);
    if (!given) {
      return config_error("the prefix length of " + in_quotes(text) +
                              " is not a number from 0 to " + std::to_string(most),
                          std::string(kForm));
    }
    length = *given;
  }
  const unsigned bits = v4 ? length + kMappedBits : length;
  if (mapped && bits < kMappedBits) {
    return config_error(in_quotes(text) + " has bits set after its prefix length",
                        "an IPv4-mapped prefix has a length of at least 96: "
                        "\"::ffff:10.0.0.0/104\" is \"10.0.0.0/8\"");
  }
  const Prefix prefix{masked(*address, bits), bits};
  if (prefix.network != *address) {
    return config_error(in_quotes(text) + " has bits set after its prefix length",
                        "did you mean " + in_quotes(to_text(prefix)) + "?");
  }
  return prefix;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::size_t kLongestPath = 107;  // sun_path without the terminating NUL (unix(7))
  const auto bad = [&](std::string_view why) {
    return config_error(in_quotes(text) + std::string(why), std::string(kEndpointForm));
  };
  if (text.starts_with(kUnix)) {
    const auto path = text.substr(kUnix.size());
    if (path.empty()) return bad(" has no socket path");
    if (path.size() > kLongestPath) return bad(" has a socket path of more than 107 bytes");
    return Endpoint{"", 0, std::string(path)};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad(" has no port");
  const auto port = parse_whole_number(text.substr(colon + 1), 65535U);
  if (!port) return bad(" has no port from 0 to 65535 after its last colon");
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !IpAddress::parse(host) : !is_host_name(host)) {
    return bad(host.empty() ? " has no host before its port" : " is not a host and a port");
  }
  return Endpoint{std::string(host), static_cast<std::uint16_t>(*port), ""};
}

Result<Endpoint> parse_listen(std::string_view text) {
  return parse_endpoint(text.starts_with(':') ? "[::]" + std::string(text) : std::string(text));
}

std::string to_text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto* from = address.bytes.data();
  if (address.is_v4()) {
    inet_ntop(AF_INET, from + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, from, text.data(), text.size());
  }
  return text.data();
}

std::string to_text(const IpAddress& address, std::uint16_t port) {
  return to_text(Endpoint{to_text(address), port, ""});
}

std::string to_text(const Prefix& prefix) {
  const bool v4 = prefix.network.is_v4() && prefix.length >= kMappedBits;
  return to_text(prefix.network) + "/" +
         std::to_string(v4 ? prefix.length - kMappedBits : prefix.length);
}

std::string to_text(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return "unix:" + endpoint.path;
  const bool colons = endpoint.host.find(':') != std::string::npos;
  return (colons ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace brownout::rules
