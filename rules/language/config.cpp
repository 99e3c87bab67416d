#include "rules/language/config.h"

namespace brownout::rules {

const Schema<TlsServer>& tls_server_schema() {
  static const Schema<TlsServer> schema{{
      field("certificate", &TlsServer::certificate,
            "a PEM file with the certificate and its intermediate certificates; paths are relative "
            "to the working folder of brownout"),
      field("key", &TlsServer::key, "a PEM file with the private key of the certificate"),
      field("ca", &TlsServer::ca,
            "instead of a certificate: a folder made by `brownout ca init`, from which a "
            "certificate is minted for each name that clients request; `bad_certificate` needs it; "
            "left out in `brownout exec`, a CA of its own that only the command trusts"),
      field("client_ca", &TlsServer::client_ca,
            "a PEM file with a CA: clients must present a certificate that this CA has signed "
            "(mTLS)"),
      field("alpn", &TlsServer::alpn,
            "accepted protocols, in order of preference; clients that offer only others are "
            "refused (RFC 7301, 3.2); left out, http listeners accept \"h2\", \"http/1.1\" and "
            "\"http/1.0\", and other listeners do not answer ALPN",
            {.absent = "none"}),
      field("starttls", &TlsServer::starttls,
            "xmpp, nats, postgres: TLS begins inside the connection (STARTTLS, tls_required, "
            "SSLRequest) on both sides; "
            "the [[upstream]] needs starttls, too"),
  }};
  return schema;
}

const Schema<TlsClient>& tls_client_schema() {
  static const Schema<TlsClient> schema{{
      field("verify", &TlsClient::verify, "whether servers' certificates are verified"),
      field("ca", &TlsClient::ca,
            "a PEM file with the trusted CAs; left out, the CAs of the system"),
      field("name", &TlsClient::name,
            "the name that is requested (SNI) and verified; left out, the host in `servers`"),
      field("certificate", &TlsClient::certificate,
            "a PEM file, for servers that request a client certificate (mTLS); paths are relative "
            "to the working folder of brownout"),
      field("key", &TlsClient::key, "a PEM file with the private key of the certificate"),
      field("alpn", &TlsClient::alpn,
            "ALPN protocols to offer to the server; left out, none, or the versions of HTTP that "
            "`http` "
            "of the upstream allows",
            {.absent = "none"}),
      field("starttls", &TlsClient::starttls,
            "for an xmpp, nats or postgres listener with starttls: TLS begins inside the "
            "connection; if "
            "`name` is left out, the verified name is the client's XMPP domain, or the host of the "
            "NATS server"),
  }};
  return schema;
}

namespace {

void read_listen(const Node& node, Listener& listener, Diagnostics& problems) {
  auto where = node.string() ? parse_listen(*node.string()) : ValueKind<Endpoint>::read(node);
  if (!where) return problems.add(node.where, "listen: " + where.error().what, where.error().hint);
  listener.listen = std::move(*where);
}

// Reads the name of an [[upstream]], or a list of server addresses. The addresses, joined as text,
// become the name of a new upstream.
void read_upstream(const Node& node, Listener& listener, Diagnostics& problems) {
  const auto texts =
      detail::read_value<std::vector<std::string>>("upstream", node, {.required = true}, problems);
  if (!texts) return;
  for (const auto& text : *texts) {
    listener.upstream += (listener.upstream.empty() ? "" : ", ") + text;
  }
}

Field<Listener> rewrite_field() {
  return nested<Listener>(
      "rewrite", "table of addresses",
      "redis, kafka: addresses to replace in servers' replies, so that clients connect to "
      "listeners instead: { \"10.0.0.1:7000\" = \"127.0.0.1:17000\" }",
      [](const Node& node, Listener& listener, Diagnostics& problems) {
        listener.rewrite = AddressMap::read(node, problems);
      });
}

Field<Listener> sessions_field() {
  return field("sessions", &Listener::sessions,
               "udp: maximum number of sessions (client addresses) at a time; dns: maximum number "
               "of queries that wait for an answer. Datagrams of further clients, and further "
               "queries, are dropped",
               {.least = 1, .most = 1'000'000});
}

Field<Listener> buffer_total_field() {
  return field(
      "buffer_total", &Listener::buffer_total,
      "udp: bytes that faults may hold in all sessions together, in addition to the `buffer` of "
      "each session; each datagram counts as its size plus 128 B; further datagrams are dropped",
      {.least = Bytes{65536}});
}

Field<Listener> tls_field() {
  return nested<Listener>(
      "tls", "table",
      "TLS with the clients ends at this listener; keys: see \"tls of a [[listener]]\"; on "
      "listeners that intercept and on proxy listeners, only connections to hosts that a rule on "
      "requests or messages inside TLS can match",
      [](const Node& node, Listener& listener, Diagnostics& problems) {
        listener.tls = tls_server_schema().read(node, "tls", problems);
      });
}

Field<Listener> upstream_tls_field() {
  return nested<Listener>(
      "upstream_tls", "table",
      "intercept, proxy: TLS from Brownout to the servers of decrypted connections; keys as in "
      "`tls` of an [[upstream]]; left out, servers' certificates are verified",
      [](const Node& node, Listener& listener, Diagnostics& problems) {
        listener.upstream_tls = tls_client_schema().read(node, "upstream_tls", problems);
      });
}

Field<Listener> framing_field() {
  return nested<Listener>(
      "framing", "table",
      "framed: how messages are delimited; keys: see \"framing of a [[listener]]\"",
      [](const Node& node, Listener& listener, Diagnostics& problems) {
        listener.framing = framing_schema().read(node, "framing", problems);
        check_framing(*listener.framing, node, problems);
      });
}

Field<Listener> descriptors_field() {
  return field("descriptors", &Listener::descriptors,
               "grpc: the types of messages, for `field` in match and for `replace` with JSON; a "
               "file of protoc --include_imports --descriptor_set_out=FILE");
}

Field<Listener> brokers_field() {
  return field("brokers", &Listener::brokers,
               "kafka: the broker addresses that clients get: those that the brokers announce, or "
               "ports of this listener, so that clients reach every broker through it");
}

Field<Listener> broker_ports_field() {
  return field("broker_ports", &Listener::broker_ports,
               "kafka: the ports for the brokers of brokers = \"follow\", one for each, e.g. "
               "\"19100-19115\"");
}

Field<Listener> broker_names_field() {
  return field("broker_names", &Listener::broker_names,
               "kafka: in place of broker_ports, the host that clients are told for each broker, "
               "e.g. \"broker-{node}.kafka.test\", where {node} is its id; all have the port of "
               "`listen`, or the one behind the name (\"broker-{node}.kafka.test:9093\"), and the "
               "SNI of a client chooses the broker; needs `tls`");
}

Field<Listener> advertise_field() {
  return field("advertise", &Listener::advertise,
               "kafka: the host that clients get as the address of every broker, with brokers = "
               "\"follow\"; left out, the host of `listen`");
}

}  // namespace

const Schema<Listener>& listener_schema() {
  static const Schema<Listener> schema{{
      field("name", &Listener::name,
            "the name in rules, logs and metrics; left out, protocol and port: \"tcp-5433\""),
      field("protocol", &Listener::protocol,
            "the clients' protocol, which determines the faults that can act"),
      nested<Listener>("listen", "address",
                       "the address that clients connect to; port 0 takes a free port and logs it; "
                       "\":1883\" and \"[::]:1883\" listen on all addresses, IPv4 included",
                       read_listen, true),
      nested<Listener>("upstream", "name or address, or list of: address",
                       "the servers to forward to: the name of an [[upstream]], or addresses, e.g. "
                       "\"127.0.0.1:5432\", in order of preference; dns listeners with a zone, "
                       "listeners that intercept and proxy listeners need none",
                       read_upstream),
      field("zone", &Listener::zone,
            "dns: the [[zone]] to answer from; other names go to the upstream, or get NXDOMAIN"),
      field("intercept", &Listener::intercept,
            "how the kernel redirects clients to this listener, which forwards them to their "
            "original "
            "destination; `brownout exec` and `brownout intercept` write the kernel's rules"),
      field("ports", &Listener::ports,
            "intercept: destination ports of the connections to redirect, e.g. [5222, "
            "\"8000-8999\"]; left out, all ports that no other listener intercepts"),
      field("proxy_protocol", &Listener::proxy_protocol,
            "connections begin with a PROXY header (version 1 or 2); rules match the client "
            "address in that header"),
      field("username", &Listener::username,
            "proxy: the required user name (SOCKS5: RFC 1929; HTTP: Basic; SOCKS4 is then "
            "refused, because it has no password); left out, no authentication"),
      field("password_file", &Listener::password_file,
            "proxy: a file whose first line is the password of `username`"),
      field("spoof_client", &Listener::spoof_client,
            "intercept = \"tproxy\": servers see the client's own address"),
      field("buffer", &Listener::buffer,
            "bytes that faults may hold in one direction of a connection before reading pauses",
            {.least = Bytes{65536}}),
      field("forwarding", &Listener::forwarding,
            "how bytes are forwarded when no rule acts on them: through a buffer, or with "
            "splice(2) inside the kernel"),
      field("backlog", &Listener::backlog,
            "connections that may wait to be accepted, see listen(2)", {.least = 1, .most = 65535}),
      field("idle_timeout", &Listener::idle_timeout,
            "udp: a session ends after this long without a datagram in either direction; dns: a "
            "TCP connection closes after this long without a query",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(24)}),
      field("handshake_timeout", &Listener::handshake_timeout,
            "time-out for the client's PROXY header, proxy request or ClientHello, and again for "
            "the rest of the TLS handshake",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(24)}),
      field("enabled", &Listener::enabled,
            "false: the listener is off; the API can switch it on and off"),
      sessions_field(),
      buffer_total_field(),
      tls_field(),
      upstream_tls_field(),
      field("tls_failure", &Listener::tls_failure,
            "intercept, proxy: what happens to a client that rejects Brownout's certificate "
            "(pinning): \"fail\": each of its connections to this host fails; \"pass\": its "
            "further connections to this host pass through encrypted"),
      framing_field(),
      descriptors_field(),
      rewrite_field(),
      brokers_field(),
      broker_ports_field(),
      broker_names_field(),
      advertise_field(),
  }};
  return schema;
}

Config with_shared_names(Config config) {
  const auto names = SharedNames::make();
  for (auto& listener : config.listeners) listener.names = names;
  return config;
}

const Schema<Upstream>& upstream_schema() {
  static const Schema<Upstream> schema{{
      field("name", &Upstream::name, "how listeners refer to it", {.required = true}),
      field("servers", &Upstream::servers,
            "the servers' addresses; names are resolved at each connect", {.required = true}),
      field("policy", &Upstream::policy,
            "how a server is chosen; failover: the first server in order that works; a failed "
            "server is tried last for the time `retry_after`"),
      field("connect_timeout", &Upstream::connect_timeout,
            "how long one connect may take, including the lookup of the server's name",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(1)}),
      field("retry_after", &Upstream::retry_after,
            "how long a server counts as failed after a failed connect"),
      field("query_timeout", &Upstream::query_timeout,
            "dns: how long a server may take to answer before the next is asked",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::minutes(1)}),
      field("send_proxy_protocol", &Upstream::send_proxy_protocol,
            "the version of the PROXY header that servers get; it contains the client's address"),
      field("http", &Upstream::http,
            "http: the version of HTTP that the servers speak; auto: with TLS, a client of HTTP/2 "
            "gets "
            "what the server chooses by ALPN; without TLS, the server gets HTTP/2 from a client of "
            "HTTP/2; a client of HTTP/1 always gets HTTP/1"),
      nested<Upstream>("tls", "table",
                       "connect to the servers with TLS; tls = {} verifies their certificates",
                       [](const Node& node, Upstream& upstream, Diagnostics& problems) {
                         upstream.tls = tls_client_schema().read(node, "tls", problems);
                       }),
  }};
  return schema;
}

const Schema<Zone>& zone_schema() {
  static const Schema<Zone> schema{{
      field("name", &Zone::name, "how listeners refer to it", {.required = true}),
      nested<Zone>(
          "records", "list of: text",
          "lines of a zone file (RFC 1035, 5.1): \"chat.example.org. 60 IN A 192.0.2.1\"; with "
          "$ORIGIN, $TTL, $INCLUDE (a path begins in the folder of the file that includes) and "
          "BIND's $GENERATE",
          [](const Node& node, Zone& zone, Diagnostics& problems) {
            const auto add = [&](const Node& line) {
              if (line.string() != nullptr) {
                zone.lines.push_back({*line.string(), line.where});
              } else {
                problems.add(line.where,
                             "records: expected text, found " + std::string(line.type_name()));
              }
            };
            if (node.array() == nullptr) return add(node);
            for (const auto& line : *node.array()) add(line);
          },
          true),
  }};
  return schema;
}

}  // namespace brownout::rules
