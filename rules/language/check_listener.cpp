#include "rules/language/check_listener.h"

#include <algorithm>

#include "rules/base/list_text.h"
#include "rules/language/listen_addresses.h"

namespace brownout::rules {

void check_pair(Position where, const std::string& certificate, const std::string& key,
                Diagnostics& problems) {
  if (certificate.empty() == key.empty()) return;
  problems.add(where, "certificate and key belong together, and one of them is missing",
               "give both, or none");
}

void ListenerCheck::run() const {
  const bool dns = listener_.protocol == Protocol::kDns;
  if (!dns && !listener_.zone.empty()) {
    problems_.add(position_of(node_, "zone"), "zone is only for listeners with protocol = \"dns\"",
                  "write protocol = \"dns\", or leave zone out");
  }
  const auto* messages = listener_.protocol.of_messages();
  const bool needs_framing = messages != nullptr && messages->needs_framing();
  if (needs_framing != listener_.framing.has_value()) {
    problems_.add(listener_.framing ? position_of(node_, "framing") : node_.where,
                  listener_.framing ? "framing is only for listeners with protocol = \"framed\""
                                    : "a listener with protocol = \"framed\" needs \"framing\"",
                  listener_.framing ? "write protocol = \"framed\", or leave framing out"
                                    : "e.g. framing = { delimiter = \"\\n\" }");
  }
  if (node_.find("rewrite") != nullptr && (messages == nullptr || !messages->names_servers())) {
    problems_.add(position_of(node_, "rewrite"),
                  "rewrite is only for protocols whose servers announce addresses of other servers",
                  "write protocol = \"redis\" or \"kafka\", or leave rewrite out");
  }
  if (node_.find("descriptors") != nullptr && (messages == nullptr || !messages->has_types())) {
    problems_.add(position_of(node_, "descriptors"),
                  "descriptors is only for listeners with protocol = \"grpc\"",
                  "write protocol = \"grpc\", or leave descriptors out");
  }
  check_brokers();
  check_decryption();
  if (listener_.intercept != Intercept::kNone) return check_intercept();
  for (const std::string_view key : {"ports", "spoof_client"}) {
    if (node_.find(key) == nullptr) continue;
    problems_.add(position_of(node_, key),
                  std::string(key) + " is only for listeners that intercept",
                  "write intercept = \"redirect\", or leave " + std::string(key) + " out");
  }
  if (listener_.protocol == Protocol::kProxy) return check_proxy();
  if (listener_.upstream.empty() && (!dns || listener_.zone.empty())) {
    problems_.add(node_.where, "[[listener]] needs \"upstream\"",
                  dns ? "an address, or the name of an [[upstream]] or of a [[zone]]"
                      : "an address, e.g. \"127.0.0.1:5432\", or the name of an [[upstream]]");
  }
  check_loop();
  check_http_version();
  if (listener_.tls) check_tls();
  check_starttls();
  if (listener_.protocol.is_connections()) return;
  if (listener_.listen.is_unix()) {
    problems_.add(position_of(node_, "listen"),
                  std::string(listener_.protocol.name()) + " does not listen on a unix socket",
                  "give an address, e.g. \"127.0.0.1:5353\"");
  }
  for (const auto& upstream : upstreams_) {
    if (upstream.name != listener_.upstream) continue;
    if (upstream.tls && !dns) {
      problems_.add(position_of(node_, "upstream"), "udp cannot go to an upstream with tls",
                    "leave tls out of the [[upstream]]");
    }
    for (const auto& server : upstream.servers) {
      if (server.ip() || (!dns && !server.is_unix())) continue;
      problems_.add(
          position_of(node_, "upstream"),
          std::string(listener_.protocol.name()) + " cannot go to " + in_quotes(to_text(server)),
          dns ? "give the resolver's address, e.g. \"192.0.2.53:53\"" : "give a host and a port");
    }
  }
}

void ListenerCheck::check_brokers() const {
  const auto* messages = listener_.protocol.of_messages();
  const bool follows = listener_.brokers == Brokers::kFollow;
  for (const std::string_view key : {"brokers", "broker_ports", "broker_names", "advertise"}) {
    if (node_.find(key) == nullptr) continue;
    const auto what = std::string(key);
    if (messages == nullptr || !messages->names_brokers()) {
      problems_.add(position_of(node_, key),
                    what + " is only for listeners with protocol = \"kafka\"",
                    "write protocol = \"kafka\", or leave " + what + " out");
    } else if (key != "brokers" && !follows) {
      problems_.add(position_of(node_, key), what + " needs brokers = \"follow\"",
                    "write brokers = \"follow\", or leave " + what + " out");
    }
  }
  if (!follows) return;
  const auto where = position_of(node_, "brokers");
  if (listener_.knows_destination()) {
    problems_.add(where, "a listener that intercepts needs no brokers = \"follow\"",
                  "its clients reach the brokers' own addresses; leave brokers out");
  }
  if (node_.find("broker_names") != nullptr) return check_broker_names();
  if (node_.find("broker_ports") == nullptr) {
    problems_.add(where,
                  "brokers = \"follow\" needs \"broker_ports\", or \"broker_names\" with tls",
                  "give one port for each broker, e.g. broker_ports = \"19100-19115\"");
  } else if (const auto& ports = listener_.broker_ports;
             ports && (ports->first == 0 || ports->last - ports->first >=
                                                static_cast<int>(FollowedServers::kMostPorts))) {
    problems_.add(position_of(node_, "broker_ports"),
                  ports->first == 0
                      ? "broker_ports contains port 0, which cannot be announced to clients"
                      : "broker_ports has more than " +
                            std::to_string(FollowedServers::kMostPorts) + " ports",
                  "give one port for each broker, e.g. broker_ports = \"19100-19115\"");
  }
  if (listener_.advertise.find(':') != std::string::npos &&
      !IpAddress::parse(listener_.advertise)) {
    problems_.add(
        position_of(node_, "advertise"),
        "advertise must be a host without a port, found " + in_quotes(listener_.advertise),
        "remove the port: the ports come from broker_ports");
  }
  if (listener_.listen.is_unix() || (listener_.listen.is_any() && listener_.advertise.empty())) {
    problems_.add(where, "brokers = \"follow\" needs a host that clients can connect to",
                  "add advertise = \"HOST\" with the name or address of this machine that clients "
                  "can connect to");
  }
}

void ListenerCheck::check_broker_names() const {
  const auto where = position_of(node_, "broker_names");
  const auto brokers = parse_broker_names(listener_.broker_names);
  if (!brokers) {
    problems_.add(where, "broker_names needs {node} once, in a host name",
                  "e.g. broker_names = \"broker-{node}.kafka.test\"");
  } else if (brokers->port == 0 && listener_.listen.port == 0) {
    problems_.add(where, "clients cannot be told the port, which the kernel chooses",
                  "give listen a port, or write it behind the name: "
                  "\"broker-{node}.kafka.test:9093\"");
  }
  if (!listener_.tls) {
    problems_.add(where, "broker_names needs a listener that terminates TLS",
                  "write tls = { ca = \"...\" }, or give broker_ports in place of broker_names");
  }
  for (const std::string_view key : {"broker_ports", "advertise"}) {
    if (node_.find(key) == nullptr) continue;
    problems_.add(position_of(node_, key), std::string(key) + " does not fit broker_names",
                  "leave it out: clients are told names, with the port of `listen`");
  }
}

// Reports a listener that forwards to itself: each connection would open another one, until no file
// descriptor is left.
void ListenerCheck::check_loop() const {
  const auto& listen = listener_.listen;
  const auto leads_here = [&](const Endpoint& server) {
    if (listen.is_unix() || server.is_unix()) return server == listen;
    if (server.port != listen.port || listen.port == 0) return false;
    const auto ip = server.host == "localhost" ? IpAddress::parse("127.0.0.1") : server.ip();
    return server.host == listen.host ||
           (ip && (ip == listen.ip() || (listen.is_any() && ip->is_loopback())));
  };
  for (const auto& upstream : upstreams_) {
    if (upstream.name != listener_.upstream) continue;
    if (std::none_of(upstream.servers.begin(), upstream.servers.end(), leads_here)) continue;
    problems_.add(position_of(node_, "upstream"), "the listener forwards to itself",
                  "give the listener another port, or correct upstream");
  }
}

// Reports the key `http` of an upstream whose listener does not parse HTTP. The key would have no
// effect there, since bytes are forwarded in the version of the client.
void ListenerCheck::check_http_version() const {
  if (!(carriers_of(listener_) & kHttpRequests).empty()) return;
  for (const auto& upstream : upstreams_) {
    if (upstream.name != listener_.upstream || upstream.http == HttpVersion::kAuto) continue;
    problems_.add(position_of(node_, "upstream"),
                  std::string(listener_.protocol.name()) +
                      " cannot go to an upstream with http = " + in_quotes(name_of(upstream.http)) +
                      ": the key http is only for http listeners",
                  "write protocol = \"http\" here, or leave http out of the [[upstream]]");
  }
}

void ListenerCheck::check_intercept() const {
  if (!listener_.upstream.empty()) {
    problems_.add(position_of(node_, "upstream"),
                  "a listener that intercepts must not have an upstream",
                  "leave upstream out: connections go to their original destination");
  }
  if (listener_.listen.is_unix()) {
    problems_.add(position_of(node_, "listen"),
                  "a listener that intercepts cannot listen on a unix socket",
                  "give an address, e.g. \"127.0.0.1:15001\"");
  }
  if (listener_.intercept == Intercept::kTproxy && takes_datagrams(listener_)) {
    problems_.add(position_of(node_, "intercept"),
                  std::string(listener_.protocol.name()) + " cannot be intercepted by tproxy",
                  "write intercept = \"redirect\"");
  }
  if (listener_.spoof_client && listener_.intercept != Intercept::kTproxy) {
    problems_.add(position_of(node_, "spoof_client"), "spoof_client needs intercept = \"tproxy\"",
                  "write intercept = \"tproxy\", or leave spoof_client out");
  }
}

// Checks the keys of a forward proxy. The proxy's clients name their destination, so the listener
// must not have an upstream.
void ListenerCheck::check_proxy() const {
  if (listener_.username.empty() != listener_.password_file.empty()) {
    problems_.add(node_.where,
                  "username and password_file belong together, and one of them is missing",
                  "give both, or none");
  }
  if (!listener_.upstream.empty()) {
    problems_.add(position_of(node_, "upstream"), "a proxy listener must not have an upstream",
                  "leave upstream out: the clients of a proxy name their destination");
  }
}

// To intercept TLS, the proxy's CA issues a certificate for each host. A fixed certificate cannot
// be used.
void ListenerCheck::check_decryption() const {
  if (!listener_.decrypts()) {
    for (const std::string_view key : {"upstream_tls", "tls_failure"}) {
      if (node_.find(key) == nullptr) continue;
      problems_.add(
          position_of(node_, key),
          std::string(key) + " is only for listeners that intercept or are proxies, and have tls",
          listener_.knows_destination()
              ? "write tls = { ca = \"...\" }; in `exec`, tls = {} is enough"
              : "leave " + std::string(key) + " out");
    }
    return;
  }
  const auto where = position_of(node_, "tls");
  const auto& tls = *listener_.tls;
  const auto& protocol = listener_.protocol;
  if (!protocol.is_connections() || protocol == Protocol::kTcp) {
    problems_.add(
        where,
        "tls of a listener that intercepts needs a protocol that can run inside TLS, which " +
            std::string(protocol.name()) + " is not",
        "write protocol = \"tls\" for HTTPS, or the protocol inside TLS, e.g. \"mqtt\"");
  }
  if (!tls.certificate.empty() || !tls.key.empty() || tls.starttls) {
    problems_.add(where,
                  "certificate, key and starttls are not possible here, because this listener "
                  "decrypts connections to many hosts",
                  "write tls = { ca = \"...\" }: the CA signs a certificate for each host");
  }
  if (!listener_.upstream_tls) return;
  const auto& servers = *listener_.upstream_tls;
  check_pair(position_of(node_, "upstream_tls"), servers.certificate, servers.key, problems_);
  if (!servers.starttls && servers.name.empty()) return;
  problems_.add(position_of(node_, "upstream_tls"),
                "name and starttls are not possible in upstream_tls",
                "leave both out: the name is the host that the client asks for");
}

void ListenerCheck::check_tls() const {
  const auto where = position_of(node_, "tls");
  if (listener_.protocol == Protocol::kUdp) {
    problems_.add(where, "TLS runs over TCP, not over udp",
                  "leave tls out; DTLS passes through a udp listener unchanged");
  }
  check_pair(where, listener_.tls->certificate, listener_.tls->key, problems_);
  if (!listener_.tls->certificate.empty() || !listener_.tls->ca.empty()) return;
  problems_.add(where, "tls needs a certificate and its key, or a ca that issues certificates",
                "e.g. tls = { ca = \"ca\" } after `brownout ca init --folder ca`");
}

// A listener that decrypts TLS after STARTTLS must use STARTTLS toward the server, too, because the
// server expects it.
void ListenerCheck::check_starttls() const {
  const bool asked = listener_.tls && listener_.tls->starttls;
  const auto* messages = listener_.protocol.of_messages();
  if (asked && (messages == nullptr || !messages->has_starttls())) {
    std::vector<std::string_view> names;
    for (const auto* protocol : message_protocols()) {
      if (protocol->has_starttls()) names.push_back(protocol->name());
    }
    problems_.add(position_of(node_, "tls"), "starttls is for " + and_text(names) + " listeners",
                  "leave starttls out, or write protocol = " + in_quotes(names.front()));
    return;
  }
  for (const auto& upstream : upstreams_) {
    if (upstream.name != listener_.upstream) continue;
    if (asked == (upstream.tls && upstream.tls->starttls)) continue;
    problems_.add(position_of(node_, "upstream"), "starttls must be on both sides or on neither",
                  asked ? "write tls = { starttls = true } in the [[upstream]], too"
                        : "write tls = { starttls = true, ca = \"...\" } in the [[listener]], too");
  }
}

}  // namespace brownout::rules
