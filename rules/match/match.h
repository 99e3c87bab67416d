// Match is the `match` table of a rule: conditions that select connections, requests, queries and
// messages. Every key narrows the selection; a rule without keys matches everything. The key `not`
// is in match_except.cpp. A plain value, owned by its rule; any thread.
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
#include "rules/match/connection_numbers.h"
#include "rules/message/message_conditions.h"
#include "rules/protocols/dns/dns_match.h"
#include "rules/protocols/http1/http_match.h"
#include "rules/protocols/tls/tls_match.h"
#include "rules/schema/name_pattern.h"
#include "rules/schema/port_range.h"
#include "rules/schema/schema.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {

// The value kUpstream means from client to server; kDownstream means from server to client.
enum class Direction { kUpstream, kDownstream };

constexpr std::string_view to_text(Direction direction) {
  return direction == Direction::kUpstream ? "upstream" : "downstream";
}

// State shared by the stages of both directions of one flow, and by its requests.
struct FlowActivity {
  Instant last{};  // time of the last traffic, in either direction
  // Delay that the rules at work now add to a round trip, on average.
  Duration round_trip{};
  ConnectionNumbers numbers;
};

// Which addresses the kernel can see when it filters SYNs at a listener (rules/engine/syn_plan.h).
// Each value includes the previous ones.
enum class SynSight {
  kNone,         // SYNs are not filtered
  kClient,       // the client's address and port
  kDestination,  // the original destination's address and port
};

// FlowFacts contains the facts about one connection, UDP session, DNS query or HTTP request (a
// "flow"). A match compares its keys with them.
struct FlowFacts {
  std::string listener;
  Carrier carrier = Carrier::kStream;
  std::uint64_t ordinal = 0;  // number of the flow at its listener, from 1, in order of arrival
  std::optional<IpAddress> client;  // no value on a unix socket
  // Address of the server. No value before the proxy has connected to the server, and for a
  // unix socket.
  std::optional<IpAddress> destination;
  Instant opened{};                    // time of the flow's arrival
  std::uint16_t client_port = 0;       // 0 for a unix socket
  std::uint16_t destination_port = 0;  // 0 before the proxy has connected to the server
  // Whether `destination` is the client's original destination, which is known when the connection
  // arrives.
  bool intercepted = false;
  // Which addresses of this connection's SYN the filter on the socket, and nftables, could see.
  SynSight syn_sight = SynSight::kNone;
  SynSight packet_sight = SynSight::kNone;
  // Host names of the destination, from the client's DNS queries or its request to the proxy. Null
  // if no names are known.
  std::shared_ptr<const std::vector<std::string>> names = {};
  FlowActivity* activity = nullptr;  // owned by the flow; may be null
  DnsFacts dns = {};                 // set for DNS queries only
  // For HTTP requests only: number of the request on its connection, from 1.
  std::uint64_t message = 0;
  const HttpExchange* http = nullptr;  // for HTTP requests only; borrowed
  ProtocolSet message_protocols = {};  // protocols of the messages on the connection
  const ClientHello* hello = nullptr;  // for TLS connections only; borrowed
  // The id of the server in its cluster, if the listener follows the servers of a cluster and the
  // client has chosen this one.
  std::optional<std::int64_t> node = {};

  // Returns the key from which the random numbers of this flow derive. It depends on the order of
  // arrival, not on the thread.
  Key key() const { return combine(key_of(listener), ordinal); }
  // Like key(), but different for each HTTP request of a connection.
  Key message_key() const { return message == 0 ? key() : combine(key(), message); }
  // Like key(), but derived from the client's address without the port. Equals key() if there is no
  // address.
  Key client_key() const;
};

enum class DirectionChoice { kBoth, kUpstream, kDownstream };

// Ordinals selects items by their number, from 1, in order of arrival since the rule took effect.
// Depending on the rule, the items are connections, requests, queries, messages, datagrams or TLS
// handshakes.
struct Ordinals {
  std::optional<std::int64_t> first;  // selects only n items (after those that `after` skips)
  std::optional<std::int64_t> after;  // skips the first n items
  std::optional<std::int64_t> every;  // selects every n-th item (after those that `after` skips)

  bool any() const { return first || after || every; }
  bool contains(std::uint64_t ordinal) const;
};

// Whether items are numbered together for a rule, or separately for each of its clients.
enum class CountPer { kRule, kClient };
template <>
struct EnumNames<CountPer> {
  static constexpr std::array kValues{
      std::pair<std::string_view, CountPer>{"rule", CountPer::kRule},
      std::pair<std::string_view, CountPer>{"client", CountPer::kClient}};
};

// The value of the key `count`. With "connection", the rule counts connections (for UDP: sessions)
// instead of the requests, messages or datagrams on which it acts; with "client", client addresses.
// A connection or client is counted when the first of its requests, messages or datagrams matches.
enum class Count { kConnection, kClient };
template <>
struct EnumNames<Count> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Count>{"connection", Count::kConnection},
      std::pair<std::string_view, Count>{"client", Count::kClient}};
};

struct Except;

struct Match {
  std::vector<std::string> listener;
  std::vector<Prefix> client;
  std::vector<Prefix> destination;
  std::vector<PortRange> port;
  std::vector<PortRange> source_port;
  std::vector<std::int64_t> node;
  DirectionChoice direction = DirectionChoice::kBoth;
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> after;
  std::optional<std::int64_t> every;
  std::optional<Count> count;  // no value: counts the items on which the rule acts
  CountPer count_per = CountPer::kRule;
  std::vector<NamePattern> host;  // host of an HTTP request, or name of a connection's destination
  DnsMatch dns;
  HttpMatch http;
  TlsMatch tls;
  std::optional<Bytes> min_size;
  std::optional<Bytes> max_size;
  std::vector<TextPattern> text;
  MessageConditions message;
  std::vector<Except> except;  // the key `not`

  // Whether the key `listener` admits the connections of a listener.
  bool selects_listener(std::string_view name) const;
  // Whether a key, also within `not`, is about messages. A match with such a key selects no other
  // kind of traffic.
  bool is_for_messages() const;
  // Whether the payload of a message, after its head, is needed to match the message.
  bool needs_payload() const;
  // Whether the types of messages are needed to match them: the key `descriptors` of the listener.
  bool needs_types() const;
  // Returns the protocols with messages that this match can select.
  ProtocolSet protocols() const;
  // Compares the message keys, which matches(FlowFacts) ignores. `flow` is the connection of the
  // message; null if there is no `not`. `why_not` receives the name of a key that does not match.
  bool matches(const Message& message, std::span<const std::byte> payload, const FlowFacts* flow,
               std::string_view* why_not = nullptr) const;
  bool is_for_tls() const;
  bool is_for_http() const;
  // Whether a key is about the response. Then the rule acts on the response of a request only.
  bool of_response() const;
  // Whether a key depends on the server's address. The address is unknown until the proxy connects
  // to the server, unless the connection was intercepted.
  bool is_for_server() const;
  bool is_for_dns() const;
  // Whether a key is about the name of the host.
  bool is_for_host() const;
  // Whether a key is about the id of the server in its cluster.
  bool is_for_node() const;
  Ordinals ordinals() const { return {first, after, every}; }
  // Whether the key `direction` admits this direction.
  bool covers(Direction asked) const;
  // Compares the keys that select connections: listener, client, source_port, destination, port,
  // node, host and the keys of TLS, and tables of `not` with these keys only. `why_not` receives
  // the name of a key that does not match, or "hello" if there is no ClientHello.
  bool matches_connection(const FlowFacts& flow, std::string_view* why_not = nullptr) const;
  // Compares all keys except `first`, `after`, `every` and the keys for messages. `why_not`
  // receives the name of a key that does not match.
  bool matches(const FlowFacts& flow, std::string_view* why_not = nullptr) const;

  // Decides whether the key `header`, which HTTP requests and messages both have, selects requests
  // or messages. That depends on the other keys of the match and, without other keys, on
  // `requests`: whether the rule's listeners have HTTP requests.
  void settle_shared_keys(bool requests);

 private:
  bool matches_host(const FlowFacts& flow) const;
  // The first connection key outside `not` that the flow does not match; "" if it matches all.
  std::string_view connection_mismatch(const FlowFacts& flow) const;
  // The first key outside `not` that the flow does not match; "" if it matches all.
  std::string_view mismatch(const FlowFacts& flow, bool of_response) const;
  std::string_view excluded(const FlowFacts& flow, bool of_response) const;
  // Whether `asks` is true for any table of `not`.
  bool any_except(bool (Match::*asks)() const) const;
  bool matches_own(const Message& seen, std::span<const std::byte> payload,
                   std::string_view* why_not) const;
  bool says_messages() const;
  bool says_requests() const;
  void keep_header(bool of_messages);
};

// Except is a table of `not`: traffic that has all of its properties is not selected.
struct Except {
  std::vector<std::string> keys;  // as written
  Match match;                    // has no `not` of its own
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
