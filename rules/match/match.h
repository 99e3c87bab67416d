// Whom a rule means. A match only narrows: an absent key matches all.
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

// What the stages of both directions of one flow write and read.
struct FlowActivity {
  Instant last{};  // when something last passed, in either direction
};

// What is known of one connection, UDP session, DNS query or HTTP request.
struct FlowFacts {
  std::string listener;
  Carrier carrier = Carrier::kStream;
  std::uint64_t ordinal = 0;        // counts from 1 within the listener, in order of arrival
  std::optional<IpAddress> client;  // none on a unix socket
  std::optional<IpAddress>
      destination;  // of the server; none before it is dialled, or on a unix socket
  Instant opened{};
  std::uint16_t client_port = 0;       // 0 where there is none
  std::uint16_t destination_port = 0;  // 0 before the server is dialled
  bool intercepted = false;  // destination is known on arrival: where the client wanted to go
  // Of the destination, as DNS told the client or it said itself; null: none is known.
  std::shared_ptr<const std::vector<std::string>> names = {};
  FlowActivity* activity = nullptr;  // of the flow's owner; null where there is no flow yet
  DnsFacts dns = {};                 // of a DNS query
  // Of an HTTP request: which of its connection, from 1, and what it says. Borrowed.
  std::uint64_t message = 0;
  const HttpExchange* http = nullptr;
  // Of the messages of a connection.
  ProtocolSet speaks = {};
  // Of a connection that began with TLS. Borrowed.
  const ClientHello* hello = nullptr;

  // Names the flow in dice: the same for the same arrival order, whichever thread serves it.
  Key key() const { return combine(key_of(listener), ordinal); }
  // Names the message in dice; of a flow that is one message, the flow.
  Key message_key() const { return message == 0 ? key() : combine(key(), message); }
  // The client without its port; the ordinal stands in where there is no address.
  Key client_key() const;
};

enum class DirectionChoice { kBoth, kUpstream, kDownstream };

// Which of the matching connections, counted from 1 in order of arrival since the rule took effect.
struct Ordinals {
  std::optional<std::int64_t> first;  // only the first n
  std::optional<std::int64_t> after;  // only those behind the first n
  std::optional<std::int64_t> every;  // only every n-th (of those that `after` leaves)

  bool any() const { return first || after || every; }
  bool contains(std::uint64_t ordinal) const;
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
  std::vector<NamePattern> host;  // of a request, or of what is known of a connection's destination
  DnsMatch dns;
  HttpMatch http;
  TlsMatch tls;
  std::optional<Bytes> min_size;
  std::optional<Bytes> max_size;
  std::vector<TextPattern> text;
  MessageConditions message;

  bool is_for_messages() const { return message.any() || min_size || max_size || !text.empty(); }
  // Whether it takes more than the head of a message to tell.
  bool looks_behind_head() const {
    return min_size || max_size || !text.empty() || message.looks_behind_head();
  }
  // The protocols whose messages this match can select.
  ProtocolSet protocols() const { return message.protocols(); }
  // Those keys, which the rest of the match leaves to each message.
  bool matches(const Message& message, std::span<const std::byte> payload) const;
  bool is_for_tls() const { return tls.any(); }
  bool is_for_http() const { return http.any(); }
  // Keys that cannot be decided before there is a server, unless the client is intercepted.
  bool is_for_server() const { return !destination.empty() || !port.empty(); }
  bool is_for_dns() const { return dns.any(); }
  Ordinals ordinals() const { return {first, after, every}; }
  bool covers(Direction asked) const;
  // All but the ordinals, which need counting. `why_not` names the key that does not match.
  bool matches(const FlowFacts& flow, std::string_view* why_not = nullptr) const;

  // A key that HTTP and messages have (header) is of one of them: as the other keys say, or as what
  // is at the listeners that are meant.
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
