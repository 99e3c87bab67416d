// The part of FitCheck that checks the match key `host`, faults on SYNs, and faults on HTTP/2
// connections.
#include <algorithm>

#include "rules/language/check_fit.h"

namespace brownout::rules {

// Host names are known only for clients that were intercepted, used the proxy protocol of a
// listener, or sent SNI.
void FitCheck::check_host() const {
  if (!rule_.match.is_for_host() ||
      (rule_.kind->carries(Carrier::kHttp) && rule_.fault->acts_on(Carrier::kHttp)))
    return;
  const auto where = position_in_match("host");
  if (rule_.kind->carriers == kDnsQueries) {
    problems_.add(where, fault_ + " acts on DNS queries, which have no host",
                  "write qname instead of host");
  } else if (!has(kTlsHandshakes) &&
             !any_matched([](const Listener& listener) { return listener.knows_destination(); })) {
    problems_.add(where, "no listener that the rule matches gets host names from its clients",
                  "only HTTP requests, TLS handshakes and connections of intercepting or proxy "
                  "listeners have host names; match by listener or destination instead");
  }
}

void FitCheck::check_connection() const {
  check_host();
  check_syn();
  check_http2();
}

// A fault on HTTP/2 connections acts independently of requests, so keys of requests cannot select
// it.
void FitCheck::check_http2() const {
  if (!rule_.kind->on_http2 || node_.find("match") == nullptr) return;
  const auto& node = *node_.find("match");
  if (rule_.match.is_for_http()) {
    problems_.add(node.where,
                  fault_ + " acts on the whole HTTP/2 connection, so it cannot match requests",
                  "match by listener or client");
  }
  for (const std::string_view key : {"first", "after", "every", "once"}) {
    if (node.find(key) == nullptr) continue;
    problems_.add(position_of(node, key),
                  fault_ + " acts on HTTP/2 connections, which this key does not count",
                  "leave " + std::string(key) + " out");
  }
}

// A fault on SYNs is decided before a connection exists, so only keys about addresses and ports can
// select it.
void FitCheck::check_syn() const {
  if (!rule_.kind->on_syn) return;
  if (rule_.fault->answers_syns() &&
      !any_matched([](const Listener& listener) { return !listener.listen.is_unix(); })) {
    problems_.add(node_.where, fault_ + " answers IP packets, but a unix socket has none",
                  "use \"refuse\", or give the [[listener]] an address and a port");
  }
  if (node_.find("match") == nullptr) return;
  const auto& node = *node_.find("match");
  for (const std::string_view key : {"first", "after", "every", "once"}) {
    if (node.find(key) == nullptr) continue;
    problems_.add(
        position_of(node, key), "a fault on SYN packets cannot count connects",
        "use probability instead, with per = \"client\" to select the same clients each time");
  }
  for (const std::string_view key : {"not", "source_port", "node"}) {
    if (node.find(key) == nullptr) continue;
    problems_.add(
        position_of(node, key),
        (rule_.fault->answers_syns() ? "a fault on SYN packets cannot match `"
                                     : "the kernel's filter for SYN packets cannot match `") +
            std::string(key) + "`",
        "match by listener or client, in `exec` also by destination, port or host");
  }
  if (rule_.match.is_for_tls()) {
    problems_.add(node.where, fault_ + " acts on SYN packets, which come before the TLS handshake",
                  "match by listener, client, destination, port or host");
  }
  const bool destination = rule_.match.is_for_server() || !rule_.match.host.empty();
  if (destination && !any_matched([](const Listener& listener) {
        return listener.intercept != Intercept::kNone;
      })) {
    problems_.add(node.where,
                  "a SYN packet to a listener does not show the server that the client will get",
                  "match by listener or client; destination, port and host need `exec` or an "
                  "intercepting listener");
  }
  if (!rule_.match.client.empty() &&
      !any_matched([](const Listener& listener) { return !listener.proxy_protocol; })) {
    problems_.add(position_of(node, "client"),
                  "the client's address is in the PROXY header, which follows the SYN packet",
                  "match by listener");
  }
}

}  // namespace brownout::rules
