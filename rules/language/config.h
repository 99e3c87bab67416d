// A rule file after reading and checking: listeners, upstream groups and rules (see load_toml.h).
//
// Plain data that can be copied and read from any thread. The proxy uses the listeners and
// upstreams; the rules become a RuleSet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/address.h"
#include "rules/engine/rule.h"
#include "rules/match/protocol.h"
#include "rules/protocols/dns/dns_zone.h"
#include "rules/protocols/framed/framing.h"
#include "rules/rehearsal/scenario.h"
#include "rules/schema/address_map.h"
#include "rules/schema/port_range.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

enum class Forwarding { kCopy, kSplice };
// How intercepted clients reach a listener, and how it learns their original destination.
enum class Intercept {
  kNone,
  kRedirect,  // nftables REDIRECT: the destination is SO_ORIGINAL_DST (linux/netfilter_ipv4.h)
  kTproxy,  // nftables TPROXY: the destination is the socket's own address (IP_TRANSPARENT, ip(7))
};
enum class Policy { kFailover, kRoundRobin, kRandom };

// TLS termination: the certificate and options for clients.
struct TlsServer {
  std::string certificate;  // a PEM file, the chain included
  std::string key;
  std::string ca;         // a folder made by `brownout ca init`
  std::string client_ca;  // a PEM file; empty: clients need no certificate
  std::vector<std::string> alpn;
  bool starttls = false;  // TLS begins inside the connection (XMPP: RFC 6120, 5)
  friend bool operator==(const TlsServer&, const TlsServer&) = default;
};

// TLS to servers.
struct TlsClient {
  bool verify = true;
  std::string ca;    // a PEM file; empty: the system's CAs
  std::string name;  // for SNI and verification; empty: the server's host
  std::string certificate;
  std::string key;
  std::vector<std::string> alpn;
  bool starttls = false;  // TLS begins inside the connection
  friend bool operator==(const TlsClient&, const TlsClient&) = default;
};

struct Listener {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  Endpoint listen;
  std::string upstream;  // empty: only a zone answers, or clients are intercepted
  std::string zone;      // dns; empty: none
  Intercept intercept = Intercept::kNone;
  std::vector<PortRange> ports;  // destination ports to intercept; empty: all
  bool spoof_client = false;     // tproxy: servers see the client's address
  bool proxy_protocol = false;   // connections begin with a PROXY header
  std::string username;          // proxy; both empty: no authentication
  std::string password_file;     // its first line is the password
  Bytes buffer{64 << 20};
  Forwarding forwarding = Forwarding::kCopy;
  std::int64_t backlog = 4096;
  Duration idle_timeout = std::chrono::seconds(60);
  Duration handshake_timeout = std::chrono::seconds(30);
  std::int64_t sessions = 8192;
  bool enabled = true;  // false: does not listen
  std::optional<TlsServer> tls;
  std::optional<Framing> framing;  // protocol "framed" only
  AddressMap rewrite;              // replaces addresses in servers' replies; empty: none
  // True if the original destination is known: by interception, or from a proxy request.
  bool knows_destination() const {
    return intercept != Intercept::kNone || protocol == Protocol::kProxy;
  }
  friend bool operator==(const Listener&, const Listener&) = default;
};

// The kinds of traffic on which rules can act at a listener.
inline CarrierSet carriers_of(const Listener& listener) {
  return listener.protocol.carriers() | (listener.tls ? kTlsHandshakes : CarrierSet());
}

// True if clients send datagrams, possibly besides connections. A DNS-over-TLS listener answers
// nothing in the clear (RFC 7858, 3.1), so it has no UDP port.
inline bool takes_datagrams(const Listener& listener) {
  return !listener.protocol.is_connections() && !listener.tls;
}
inline bool takes_connections(const Listener& listener) {
  return listener.protocol != Protocol::kUdp;
}

// The PROXY header that servers get ahead of the client's bytes.
enum class ProxyHeaderVersion { kNone, kV1, kV2 };

struct Upstream {
  std::string name;
  std::vector<Endpoint> servers;
  Policy policy = Policy::kFailover;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration retry_after = std::chrono::seconds(10);
  Duration query_timeout = std::chrono::milliseconds(1500);
  ProxyHeaderVersion send_proxy_protocol = ProxyHeaderVersion::kNone;
  std::optional<TlsClient> tls;
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

struct Config {
  std::optional<std::uint64_t> seed;
  std::vector<Listener> listeners;
  std::vector<Upstream> upstreams;
  std::vector<Zone> zones;
  std::vector<Rule> rules;
  std::optional<Scenario> scenario;  // rehearsals only
};

const Schema<Listener>& listener_schema();
const Schema<Upstream>& upstream_schema();
const Schema<Zone>& zone_schema();
const Schema<TlsServer>& tls_server_schema();
const Schema<TlsClient>& tls_client_schema();

template <>
struct EnumNames<Forwarding> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Forwarding>{"copy", Forwarding::kCopy},
      std::pair<std::string_view, Forwarding>{"splice", Forwarding::kSplice}};
};
template <>
struct EnumNames<ProxyHeaderVersion> {
  static constexpr std::array kValues{
      std::pair<std::string_view, ProxyHeaderVersion>{"none", ProxyHeaderVersion::kNone},
      std::pair<std::string_view, ProxyHeaderVersion>{"v1", ProxyHeaderVersion::kV1},
      std::pair<std::string_view, ProxyHeaderVersion>{"v2", ProxyHeaderVersion::kV2}};
};
template <>
struct EnumNames<Intercept> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Intercept>{"none", Intercept::kNone},
      std::pair<std::string_view, Intercept>{"redirect", Intercept::kRedirect},
      std::pair<std::string_view, Intercept>{"tproxy", Intercept::kTproxy}};
};
template <>
struct EnumNames<Policy> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Policy>{"failover", Policy::kFailover},
      std::pair<std::string_view, Policy>{"round-robin", Policy::kRoundRobin},
      std::pair<std::string_view, Policy>{"random", Policy::kRandom}};
};

}  // namespace brownout::rules
