// Match is the `match` table of a rule: conditions that select connections, requests, queries and
// messages. Every key narrows the selection; a rule without keys matches everything.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/instant.h"
#include "rules/chance/dice.h"
#include "rules/match/carrier.h"
#include "rules/message/message_conditions.h"
#include "rules/protocols/dns/dns_match.h"
#include "rules/protocols/http1/http_match.h"
#include "rules/protocols/tls/tls_match.h"
#include "rules/schema/name_pattern.h"
#include "rules/schema/port_range.h"
#include "rules/schema/schema.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {

enum class Direction { kUpstream, kDownstream };  // client to server, server to client

constexpr std::string_view to_text(Direction direction) {
  return direction == Direction::kUpstream ? "upstream" : "downstream";
}

// State shared by the stages of both directions of one flow.
struct FlowActivity {
  Instant last{};  // time of the last traffic, in either direction
};

// Facts about one connection, UDP session, DNS query or HTTP request. A match compares them with
// its keys.
struct FlowFacts {
  std::string listener;
  Carrier carrier = Carrier::kStream;
  std::uint64_t ordinal = 0;        // counts from 1 within the listener, in order of arrival
  std::optional<IpAddress> client;  // none on a unix socket
  // Address of the server; none before the server is dialed, and for a unix socket.
  std::optional<IpAddress> destination;
  Instant opened{};
  std::uint16_t client_port = 0;       // 0 for a unix socket
  std::uint16_t destination_port = 0;  // 0 before the server is dialed
  bool intercepted = false;  // destination is the client's original destination, known on arrival
  // Host names of the destination, from the client's DNS queries or its proxy request. Null if none
  // are known.
  std::shared_ptr<const std::vector<std::string>> names = {};
  FlowActivity* activity = nullptr;    // owned by the flow; null before there is one
  DnsFacts dns = {};                   // DNS queries only
  std::uint64_t message = 0;           // HTTP requests only: number on the connection, from 1
  const HttpExchange* http = nullptr;  // HTTP requests only; borrowed
  ProtocolSet speaks = {};             // protocols of the messages on the connection
  const ClientHello* hello = nullptr;  // TLS connections only; borrowed

  // Dice key of the flow. It depends on the order of arrival, not on the thread.
  Key key() const { return combine(key_of(listener), ordinal); }
  // Dice key of an HTTP request on its connection; key() for other flows.
  Key message_key() const { return message == 0 ? key() : combine(key(), message); }
  // Dice key of the client's address, without the port; key() if there is no address.
  Key client_key() const;
};

enum class DirectionChoice { kBoth, kUpstream, kDownstream };

// Selects by number, from 1, in order of arrival since the rule took effect. A rule counts what it
// acts on: connections, requests, queries, messages, datagrams or handshakes.
struct Ordinals {
  std::optional<std::int64_t> first;  // only the first n (after those that `after` skips)
  std::optional<std::int64_t> after;  // skips the first n
  std::optional<std::int64_t> every;  // only every n-th (after those that `after` skips)

  bool any() const { return first || after || every; }
  bool contains(std::uint64_t ordinal) const;
};

// The arrivals that are numbered together.
enum class CountPer { kRule, kClient };
template <>
struct EnumNames<CountPer> {
  static constexpr std::array kValues{
      std::pair<std::string_view, CountPer>{"rule", CountPer::kRule},
      std::pair<std::string_view, CountPer>{"client", CountPer::kClient}};
};

struct Match {
  std::vector<std::string> listener;
  std::vector<Prefix> client;
  std::vector<Prefix> destination;
  std::vector<PortRange> port;
  DirectionChoice direction = DirectionChoice::kBoth;
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> after;
  std::optional<std::int64_t> every;
  CountPer count_per = CountPer::kRule;
  std::vector<NamePattern> host;  // host of a request, or name of a connection's destination
  DnsMatch dns;
  HttpMatch http;
  TlsMatch tls;
  std::optional<Bytes> min_size;
  std::optional<Bytes> max_size;
  std::vector<TextPattern> text;
  MessageConditions message;

  bool is_for_messages() const { return message.any() || min_size || max_size || !text.empty(); }
  // Whether matching a message needs data after its head.
  bool looks_behind_head() const {
    return min_size || max_size || !text.empty() || message.looks_behind_head();
  }
  // The protocols whose messages this match can select.
  ProtocolSet protocols() const { return message.protocols(); }
  // Compares the message keys, which matches(FlowFacts) ignores.
  // `why_not` receives the name of a key that does not match.
  bool matches(const Message& message, std::span<const std::byte> payload,
               std::string_view* why_not = nullptr) const;
  bool is_for_tls() const { return tls.any(); }
  bool is_for_http() const { return http.any(); }
  // Whether a key depends on the server, which is unknown until it is dialed (unless intercepted).
  bool is_for_server() const { return !destination.empty() || !port.empty(); }
  bool is_for_dns() const { return dns.any(); }
  Ordinals ordinals() const { return {first, after, every}; }
  bool covers(Direction asked) const;
  // Compares all keys but the ordinals and the message keys. `why_not` receives the name of a key
  // that does not match.
  bool matches(const FlowFacts& flow, std::string_view* why_not = nullptr) const;

  // Decides whether the key `header` selects HTTP requests or messages, which both have this key.
  // The other keys of the match decide. If there are none, `requests` (the rule's listeners have
  // HTTP requests) decides.
  void settle_shared_keys(bool requests);

 private:
  bool matches_host(const FlowFacts& flow) const;
};

const Schema<Match>& match_schema();

template <>
struct EnumNames<DirectionChoice> {
  static constexpr std::array kValues{
      std::pair<std::string_view, DirectionChoice>{"both", DirectionChoice::kBoth},
      std::pair<std::string_view, DirectionChoice>{"upstream", DirectionChoice::kUpstream},
      std::pair<std::string_view, DirectionChoice>{"downstream", DirectionChoice::kDownstream}};
};

}  // namespace brownout::rules
