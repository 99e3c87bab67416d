#include "rules/rehearsal/probe_keys.h"

#include <algorithm>
#include <initializer_list>

#include "rules/base/list_text.h"

namespace brownout::rules {
namespace {

using Kind = ProbeKind;

std::vector<Kind> kinds_of_messaging() {
  std::vector<Kind> kinds;
  for (const auto* protocol : message_protocols()) {
    // Kinds whose protocol has connections of its own. Protocols in HTTP bodies, such as gRPC, have
    // their own kinds.
    if (protocol->has_users() && protocol->has_connections()) kinds.push_back(Kind::of(*protocol));
  }
  return kinds;
}

std::vector<Kind> all_but(std::initializer_list<Kind> others) {
  std::vector<Kind> kinds;
  for (const auto name : Kind::names()) {
    const auto kind = *Kind::named(name);
    if (std::find(others.begin(), others.end(), kind) == others.end()) kinds.push_back(kind);
  }
  return kinds;
}

std::vector<Kind> messaging_and(std::initializer_list<Kind> others) {
  std::vector<Kind> kinds(others);
  const auto messaging = kinds_of_messaging();
  kinds.insert(kinds.end(), messaging.begin(), messaging.end());
  return kinds;
}

std::vector<ProbeKey> read_probe_keys() {
  std::vector<ProbeKey> keys{
      // Not for kafka, whose client library keeps its connections open.
      {"reuse", all_but({Kind::kDns, Kind::kExec, Kind::kTls, *Kind::named("kafka")})},
      {"resolve", all_but({Kind::kDns, Kind::kExec})},
      {"resolver", all_but({Kind::kDns, Kind::kExec})},
      {"qname", {Kind::kDns}},
      {"qtype", {Kind::kDns}},
      {"answer", {Kind::kDns}},
      {"method", {Kind::kHttp}},
      {"http", {Kind::kHttp, Kind::kSse}},
      {"path", {Kind::kHttp, Kind::kSse, Kind::kWebSocket}},
      {"status", {Kind::kHttp}},
      {"body", {Kind::kHttp}},
      {"number", {Kind::kSse}},
      {"ca", messaging_and({Kind::kTls, Kind::kHttp, Kind::kGrpc, Kind::kSse, Kind::kPrometheus,
                            Kind::kPostgres})},
      {"command", {Kind::kExec}},
      {"query", {Kind::kPrometheus}},
      {"size", {Kind::kTcp, Kind::kWebSocket}},
      {"send", {Kind::kTcp}},
      {"expect", {Kind::kTcp}},
      {"user_name", messaging_and({Kind::kPostgres})},
      {"password_file", messaging_and({Kind::kPostgres})},
      {"database", {Kind::kPostgres}},
      {"sni", {Kind::kTls, Kind::kPostgres, Kind::kGrpc}},
  };
  const auto add = [&](const std::string& name, Kind kind) {
    const auto known = std::find_if(keys.begin(), keys.end(),
                                    [&](const ProbeKey& key) { return key.name == name; });
    known == keys.end() ? keys.push_back({name, {kind}}) : known->kinds.push_back(kind);
  };
  // For these protocols Brownout itself makes the TLS connection, so SNI can be set.
  for (const auto* name : {"nats", "redis"}) add("sni", *Kind::named(name));
  for (const auto* protocol : message_protocols()) {
    if (!protocol->has_users()) continue;
    for (const auto& key : protocol->user_keys()) add(key.info.name, Kind::of(*protocol));
  }
  return keys;
}

bool has_kind(const std::vector<Kind>& kinds, Kind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

bool ProbeKey::is_of(ProbeKind kind) const { return has_kind(kinds, kind); }

const std::vector<ProbeKey>& keys_of_some_probes() {
  static const auto keys = read_probe_keys();
  return keys;
}

const ProbeKey* find_probe_key(std::string_view name) {
  const auto& keys = keys_of_some_probes();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const ProbeKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

std::string kinds_text(const ProbeKey& key) {
  const auto messaging = kinds_of_messaging();
  const bool all_messaging =
      std::all_of(messaging.begin(), messaging.end(), [&](Kind kind) { return key.is_of(kind); });
  std::vector<std::string_view> with;
  std::vector<std::string_view> without;
  for (const auto name : Kind::names()) {
    const auto kind = *Kind::named(name);
    if (!key.is_of(kind)) without.push_back(name);
    if (key.is_of(kind) && !(all_messaging && has_kind(messaging, kind))) with.push_back(name);
  }
  if (without.size() < with.size()) return "all but " + list_text(without);
  if (all_messaging) with.push_back("messaging protocols");
  return list_text(with);
}

}  // namespace brownout::rules
