#include "rules/language/config.h"

namespace brownout::rules {

const Schema<TlsServer>& tls_server_schema() {
  static const Schema<TlsServer> schema{{
      field("certificate", &TlsServer::certificate,
            "a PEM file with the certificate, and those between it and the CA; relative paths "
            "begin in "
            "the folder that brownout was started in"),
      field("key", &TlsServer::key, "a PEM file with its private key"),
      field("ca", &TlsServer::ca,
            "or: a folder that `brownout ca init` made; a certificate is minted for each name that "
            "clients ask for. `bad_certificate` needs it"),
      field("client_ca", &TlsServer::client_ca,
            "a PEM file: clients must show a certificate of this CA (mTLS)"),
      field(
          "alpn", &TlsServer::alpn,
          "protocols that are accepted, in order of preference; who offers others only is refused "
          "(RFC 7301, 3.2); left out, http listeners accept \"http/1.1\" and \"http/1.0\", and "
          "others do not answer ALPN"),
      field("starttls", &TlsServer::starttls,
            "xmpp, nats: TLS begins inside the connection (STARTTLS, tls_required), on both sides "
            "at once; the "
            "[[upstream]] needs it, too"),
  }};
  return schema;
}

const Schema<TlsClient>& tls_client_schema() {
  static const Schema<TlsClient> schema{{
      field("verify", &TlsClient::verify, "whether servers' certificates must be right"),
      field("ca", &TlsClient::ca,
            "a PEM file with the CAs to trust; left out, those of the system"),
      field("name", &TlsClient::name,
            "the name asked for (SNI) and verified; left out, the host in `servers`"),
      field("certificate", &TlsClient::certificate,
            "a PEM file, shown to servers that ask (mTLS); relative paths begin in the folder that "
            "brownout was started in"),
      field("key", &TlsClient::key, "a PEM file with its private key"),
      field("alpn", &TlsClient::alpn, "protocols that are offered"),
      field(
          "starttls", &TlsClient::starttls,
          "for an xmpp or nats listener with it: TLS begins inside the connection; the name that "
          "is "
          "verified is, if `name` is left out, the client's domain of XMPP, the server's of NATS"),
  }};
  return schema;
}

namespace {

void read_listen(const Node& node, Listener& listener, Diagnostics& problems) {
  auto where = node.string() ? parse_listen(*node.string()) : ValueKind<Endpoint>::read(node);
  if (!where) return problems.add(node.where, "listen: " + where.error().what, where.error().hint);
  listener.listen = std::move(*where);
}

Field<Listener> rewrite_field() {
  return nested<Listener>(
      "rewrite", "table of addresses",
      "redis: which addresses clients are told in place of those that a server names, so that they "
      "come to listeners: { \"10.0.0.1:7000\" = \"127.0.0.1:17000\" }",
      [](const Node& node, Listener& listener, Diagnostics& problems) {
        listener.rewrite = AddressMap::read(node, problems);
      });
}

}  // namespace

const Schema<Listener>& listener_schema() {
  static const Schema<Listener> schema{{
      field("name", &Listener::name, "how rules, logs and metrics call it", {.required = true}),
      field("protocol", &Listener::protocol, "what clients speak, and so which faults can act"),
      nested<Listener>("listen", "address",
                       "where clients connect; port 0 takes a free one and logs it; \":1883\" and "
                       "\"[::]:1883\" are every address of the machine, IPv4 too",
                       read_listen, true),
      field(
          "upstream", &Listener::upstream,
          "the name of the [[upstream]] to forward to; a dns listener with a zone needs none, nor "
          "does one that intercepts"),
      field("zone", &Listener::zone,
            "dns: the name of the [[zone]] to answer from; names that it does not have go to the "
            "upstream, and do not exist (NXDOMAIN) where there is none"),
      field("intercept", &Listener::intercept,
            "clients did not mean to connect here, but were sent by the kernel, and go on to where "
            "they wanted: `brownout exec` and `brownout intercept` write the rules for it"),
      field("ports", &Listener::ports,
            "intercept: of which destinations, e.g. [5222, \"8000-8999\"]; left out, all that no "
            "other listener has"),
      field("proxy_protocol", &Listener::proxy_protocol,
            "connections begin with a PROXY header (version 1 or 2), whose client is the one that "
            "rules match"),
      field("username", &Listener::username,
            "proxy: who may ask (SOCKS5, RFC 1929; CONNECT, Basic; not SOCKS4, which has no "
            "password); "
            "left out, anybody"),
      field("password_file", &Listener::password_file,
            "proxy: and a file whose first line is their password"),
      field("spoof_client", &Listener::spoof_client,
            "intercept = \"tproxy\": servers see the client's own address"),
      field(
          "buffer", &Listener::buffer,
          "most bytes that faults may hold in one direction of a connection before reading pauses",
          {.least = Bytes{65536}}),
      field("forwarding", &Listener::forwarding,
            "how bytes that no rule touches are moved: one large buffer, or splice(2) inside the "
            "kernel"),
      field("backlog", &Listener::backlog,
            "connections that may wait to be accepted, see listen(2)", {.least = 1, .most = 65535}),
      field("idle_timeout", &Listener::idle_timeout,
            "udp: a session without a datagram in either direction for this long is over; dns: a "
            "TCP connection without a query",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(24)}),
      field("handshake_timeout", &Listener::handshake_timeout,
            "how long a client may take to say what must come first: a PROXY header, what it asks "
            "of a forward proxy, a ClientHello; and then for its TLS handshake",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(24)}),
      field("enabled", &Listener::enabled, "false: nobody listens; the API switches it"),
      field("sessions", &Listener::sessions,
            "udp: most sessions (client addresses) at once; dns: most queries that wait for an "
            "answer; what comes beyond is dropped",
            {.least = 1, .most = 1'000'000}),
      nested<Listener>("tls", "table", "TLS is terminated here: see below",
                       [](const Node& node, Listener& listener, Diagnostics& problems) {
                         listener.tls = tls_server_schema().read(node, "tls", problems);
                       }),
      nested<Listener>("framing", "table", "framed: how messages are told apart: see below",
                       [](const Node& node, Listener& listener, Diagnostics& problems) {
                         listener.framing = framing_schema().read(node, "framing", problems);
                         check_framing(*listener.framing, node, problems);
                       }),
      rewrite_field(),
  }};
  return schema;
}

const Schema<Upstream>& upstream_schema() {
  static const Schema<Upstream> schema{{
      field("name", &Upstream::name, "how listeners refer to it", {.required = true}),
      field("servers", &Upstream::servers,
            "the servers' addresses; names are resolved at each dial", {.required = true}),
      field(
          "policy", &Upstream::policy,
          "failover takes the first that works, in order; a server that refused is tried last for "
          "`retry_after`"),
      field("connect_timeout", &Upstream::connect_timeout,
            "how long one dial may take, with the lookup of the server's name",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(1)}),
      field("retry_after", &Upstream::retry_after,
            "how long a server that could not be reached counts as failed"),
      field("query_timeout", &Upstream::query_timeout,
            "dns: how long a server may take to answer before the next is asked",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::minutes(1)}),
      field("send_proxy_protocol", &Upstream::send_proxy_protocol,
            "servers are told the client's address in a PROXY header"),
      nested<Upstream>("tls", "table", "TLS is spoken to the servers; tls = {} verifies them",
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
