// The part of Match that handles the key `not`, and determines which kinds of traffic the keys
// select, in the match itself or within `not`.
#include <algorithm>

#include "rules/match/match.h"

namespace brownout::rules {
namespace {

// This key exists for HTTP requests and for messages.
constexpr std::string_view kHeader = "header";

}  // namespace

bool Match::any_except(bool (Match::*asks)() const) const {
  return std::any_of(except.begin(), except.end(),
                     [&](const Except& entry) { return (entry.match.*asks)(); });
}

bool Match::is_for_messages() const {
  const bool own = message.any() || min_size || max_size || !text.empty();
  return own || any_except(&Match::is_for_messages);
}

bool Match::needs_payload() const {
  const bool own = min_size || max_size || !text.empty() || message.needs_payload();
  return own || any_except(&Match::needs_payload);
}

bool Match::needs_types() const { return message.needs_types() || any_except(&Match::needs_types); }

ProtocolSet Match::protocols() const {
  auto common = message.protocols();
  for (const auto& entry : except) common = common & entry.match.protocols();
  return common;
}

bool Match::is_for_tls() const { return tls.any() || any_except(&Match::is_for_tls); }
bool Match::is_for_http() const { return http.any() || any_except(&Match::is_for_http); }
bool Match::is_for_dns() const { return dns.any() || any_except(&Match::is_for_dns); }
bool Match::is_for_host() const { return !host.empty() || any_except(&Match::is_for_host); }
bool Match::is_for_node() const { return !node.empty() || any_except(&Match::is_for_node); }
bool Match::of_response() const { return http.of_response() || any_except(&Match::of_response); }

bool Match::is_for_server() const {
  return !destination.empty() || !port.empty() || any_except(&Match::is_for_server);
}

bool Match::selects_listener(std::string_view name) const {
  const auto has = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!listener.empty() && !has(listener)) return false;
  // A table of `not` excludes a whole listener only if `listener` is its only key.
  return std::none_of(except.begin(), except.end(), [&](const Except& entry) {
    return entry.keys.size() == 1 && has(entry.match.listener);
  });
}

// Returns why `not` excludes the flow; "" if it does not. Traffic that lacks the properties in
// `not` is not selected either: with an HTTP key only requests, with a status only responses, with
// a port only flows whose server is known.
std::string_view Match::excluded(const FlowFacts& flow, bool of_response) const {
  if (except.empty()) return "";
  if (any_except(&Match::is_for_server) && !flow.destination) return "not: server";
  if (any_except(&Match::is_for_tls) && flow.hello == nullptr) return "hello";
  if (any_except(&Match::is_for_host) && flow.carrier == Carrier::kDns) return "host";
  if (any_except(&Match::is_for_node) && !flow.node) return "node";
  if (any_except(&Match::is_for_dns) && !flow.dns.question) return "qname";
  if (any_except(&Match::is_for_http) && flow.http == nullptr) return "request";
  if (of_response && (flow.http == nullptr || !flow.http->response)) return "response";
  const bool excludes = std::any_of(except.begin(), except.end(), [&](const Except& entry) {
    const bool undecided = entry.match.is_for_messages();
    return !undecided && entry.match.mismatch(flow, of_response).empty();
  });
  return excludes ? "not" : "";
}

bool Match::says_messages() const {
  return message.has_another_than(kHeader) || any_except(&Match::says_messages);
}

bool Match::says_requests() const {
  HttpMatch others = http;
  others.header.clear();
  return others.any() || any_except(&Match::says_requests);
}

void Match::keep_header(bool of_messages) {
  for (auto& entry : except) entry.match.keep_header(of_messages);
  if (http.header.empty() || !message.has(kHeader)) return;
  if (of_messages) {
    http.header.clear();
  } else {
    message.drop(kHeader);
  }
}

void Match::settle_shared_keys(bool requests) {
  // The other keys may belong to protocols whose messages have no headers. Then `header` is about
  // the HTTP request that carries the messages in its body or precedes them (upgrade).
  keep_header(says_messages() ? !protocols().empty() : !requests && !says_requests());
}

}  // namespace brownout::rules
