// Config is the content of a rule file after reading and checking: listeners, upstream groups and
// rules. load_toml.h reads it.
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
#include "rules/base/shared_names.h"
#include "rules/engine/rule.h"
#include "rules/match/protocol.h"
#include "rules/protocols/dns/dns_zone.h"
#include "rules/protocols/framed/framing.h"
#include "rules/protocols/grpc/grpc_descriptors.h"
#include "rules/rehearsal/scenario.h"
#include "rules/schema/address_map.h"
#include "rules/schema/port_range.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// Which addresses of a cluster's brokers clients get in the messages of servers. kAsAnnounced: the
// servers' own addresses. kFollow: ports of this listener, so that connections to all brokers pass
// through the proxy.
enum class Brokers { kAsAnnounced, kFollow };
// How bytes are forwarded while no rule acts on them: through a buffer, or inside the kernel
// (splice(2)).
enum class Forwarding { kCopy, kSplice };
// How clients are intercepted, that is, redirected to a listener although they connect to another
// address, and how their original destination is found.
enum class Intercept {
  kNone,
  kRedirect,  // nftables REDIRECT: the destination is SO_ORIGINAL_DST (linux/netfilter_ipv4.h)
  kTproxy,  // nftables TPROXY: the destination is the socket's own address (IP_TRANSPARENT, ip(7))
};
// How a server of an [[upstream]] is chosen. kFailover: the first that has not failed.
enum class Policy { kFailover, kRoundRobin, kRandom };
// The treatment of a client that rejects the certificate with which the proxy intercepts its TLS.
enum class TlsFailure {
  kFail,  // each connection fails, as with a server whose certificate the client rejects
  kPass,  // later connections of this client to this host pass through undecrypted
};

// Settings to terminate TLS toward clients: certificates and options.
struct TlsServer {
  std::string certificate;  // path of a PEM file with the certificate and its chain
  std::string key;
  std::string ca;         // folder made by `brownout ca init`
  std::string client_ca;  // path of a PEM file; if empty, clients need no certificate
  std::vector<std::string> alpn;
  // Whether TLS begins inside an open connection (STARTTLS; for XMPP: RFC 6120, 5).
  bool starttls = false;
  friend bool operator==(const TlsServer&, const TlsServer&) = default;
};

// Settings for TLS toward the servers of an [[upstream]].
struct TlsClient {
  bool verify = true;
  std::string ca;    // path of a PEM file; if empty, the system's CAs are used
  std::string name;  // server name for SNI and verification; if empty, the server's host
  std::string certificate;
  std::string key;
  std::vector<std::string> alpn;
  bool starttls = false;  // whether TLS begins inside an open connection (STARTTLS)
  friend bool operator==(const TlsClient&, const TlsClient&) = default;
};

struct Listener {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  Endpoint listen;
  // Name of an [[upstream]]. Empty if only a zone answers, or if clients are intercepted.
  std::string upstream;
  std::string zone;  // for DNS: name of a [[zone]]; empty if there is none
  Intercept intercept = Intercept::kNone;
  std::vector<PortRange> ports;  // destination ports to intercept; if empty, all
  bool spoof_client = false;     // for tproxy: whether servers see the client's address as source
  bool proxy_protocol = false;   // whether connections begin with a PROXY protocol header
  // Credentials that clients of a proxy listener need. If both are empty, clients need none.
  std::string username;
  std::string password_file;  // path of a file; its first line is the password
  Bytes buffer{64 << 20};     // bytes that faults may hold per direction before reading pauses
  Forwarding forwarding = Forwarding::kCopy;
  std::int64_t backlog = 4096;  // number of connections that may wait to be accepted (listen(2))
  // Time without traffic after which a UDP session or a DNS connection over TCP ends.
  Duration idle_timeout = std::chrono::seconds(60);
  // Time limit for all that precedes the TLS handshake, such as a PROXY header, and again for the
  // handshake.
  Duration handshake_timeout = std::chrono::seconds(30);
  std::int64_t sessions = 8192;  // maximum number of UDP sessions, or of DNS queries that wait
  // For UDP: bytes that faults may hold in all sessions together. A datagram counts as
  // kDatagramMemory bytes more than it has.
  Bytes buffer_total{256 << 20};
  static constexpr std::size_t kDatagramMemory = 128;
  bool enabled = true;  // if false, the listener does not listen
  std::optional<TlsServer> tls;
  // Settings for TLS toward the original servers of decrypted connections.
  std::optional<TlsClient> upstream_tls;
  TlsFailure tls_failure = TlsFailure::kFail;
  std::optional<Framing> framing;  // for protocol "framed" only
  GrpcDescriptors descriptors;     // types of gRPC messages; for protocol "grpc" only
  // Server addresses to replace in messages in which servers announce other servers. Empty if
  // nothing is replaced.
  AddressMap rewrite;
  Brokers brokers = Brokers::kAsAnnounced;
  // ports of this listener for brokers, with Brokers::kFollow
  std::optional<PortRange> broker_ports;
  std::string broker_names;  // in place of ports, names of brokers: "b-{node}.test:9093"
  std::string advertise;  // host that clients get for these ports; if empty, the host of `listen`
  SharedNames names;  // names learned from messages (topic ids); all listeners of a file share them
  // Whether the client's original destination is known, by interception or from its request to the
  // proxy.
  bool knows_destination() const {
    return intercept != Intercept::kNone || protocol == Protocol::kProxy;
  }
  // Whether TLS is decrypted only for hosts that rules match (interception), instead of terminated
  // for all clients.
  bool decrypts() const { return tls && knows_destination(); }
  // The protocol inside decrypted connections.
  Protocol inside() const {
    const bool generic = protocol == Protocol::kTls || protocol == Protocol::kProxy;
    return generic ? Protocol::kHttp : protocol;
  }
  friend bool operator==(const Listener&, const Listener&) = default;
};

// Returns the kinds of traffic on which rules can act at a listener.
inline CarrierSet carriers_of(const Listener& listener) {
  return listener.protocol.carriers() | (listener.tls ? kTlsHandshakes : CarrierSet()) |
         (listener.decrypts() ? listener.inside().carriers() : CarrierSet());
}

// Whether clients send datagrams, possibly in addition to connections. A DNS-over-TLS listener must
// not answer unencrypted queries (RFC 7858, 3.1), so it has no UDP port.
inline bool takes_datagrams(const Listener& listener) {
  return !listener.protocol.is_connections() && !listener.tls;
}
inline bool takes_connections(const Listener& listener) {
  return listener.protocol != Protocol::kUdp;
}

// The version of the PROXY protocol header that servers get before the client's bytes.
enum class ProxyHeaderVersion { kNone, kV1, kV2 };

struct Upstream {
  std::string name;
  std::vector<Endpoint> servers;
  Policy policy = Policy::kFailover;
  Duration connect_timeout = std::chrono::seconds(5);
  // Time for which a server counts as failed after a failed connect.
  Duration retry_after = std::chrono::seconds(10);
  // For DNS: time that a server has to answer before the next server is asked.
  Duration query_timeout = std::chrono::milliseconds(1500);
  ProxyHeaderVersion send_proxy_protocol = ProxyHeaderVersion::kNone;
  HttpVersion http = HttpVersion::kAuto;
  std::optional<TlsClient> tls;
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

struct Config {
  std::optional<std::uint64_t> seed;
  std::vector<Listener> listeners;
  std::vector<Upstream> upstreams;
  std::vector<Zone> zones;
  std::vector<Rule> rules;
  std::optional<Scenario> scenario;  // set for rehearsals only
};

const Schema<Listener>& listener_schema();
// Returns the configuration with one SharedNames for all its listeners.
Config with_shared_names(Config config);
const Schema<Upstream>& upstream_schema();
const Schema<Zone>& zone_schema();
const Schema<TlsServer>& tls_server_schema();
const Schema<TlsClient>& tls_client_schema();

template <>
struct EnumNames<Brokers> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Brokers>{"as_announced", Brokers::kAsAnnounced},
      std::pair<std::string_view, Brokers>{"follow", Brokers::kFollow}};
};
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
struct EnumNames<TlsFailure> {
  static constexpr std::array kValues{
      std::pair<std::string_view, TlsFailure>{"fail", TlsFailure::kFail},
      std::pair<std::string_view, TlsFailure>{"pass", TlsFailure::kPass}};
};
template <>
struct EnumNames<Policy> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Policy>{"failover", Policy::kFailover},
      std::pair<std::string_view, Policy>{"round-robin", Policy::kRoundRobin},
      std::pair<std::string_view, Policy>{"random", Policy::kRandom}};
};

}  // namespace brownout::rules
