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

#include "rules/address.h"
#include "rules/dice.h"
#include "rules/dns.h"
#include "rules/http.h"
#include "rules/instant.h"
#include "rules/message.h"
#include "rules/name_pattern.h"
#include "rules/port_range.h"
#include "rules/schema.h"
#include "rules/text_pattern.h"
#include "rules/tls.h"

namespace brownout::rules {

enum class Direction { kUpstream, kDownstream };  // client to server, server to client

constexpr std::string_view to_text(Direction direction) {
  return direction == Direction::kUpstream ? "upstream" : "downstream";
}

// What a flow is made of: decides which faults can act on it.
enum class Carrier : unsigned {
  kStream = 1,    // a TCP (or unix) connection
  kDatagram = 2,  // a UDP session: all datagrams of one client address
  kDns = 4,       // a DNS query and its answer
  kHttp = 8,      // an HTTP request and its response
  kTls = 16,      // a TLS handshake
  kMessage = 32,  // the messages of a connection, each for itself
};

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
  // Of a DNS query.
  std::optional<DnsQuestion> question = {};
  std::optional<Transport> transport = {};
  // Of an HTTP request: which of its connection, from 1, and what it says. Borrowed.
  std::uint64_t message = 0;
  const HttpExchange* http = nullptr;
  // Of the messages of a connection.
  unsigned speaks = 0;  // a set of MessageProtocol
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

// What `header` in a match asks of one header, and `user_property` of one of those.
struct HeaderPattern {
  std::string name;
  TextPattern value;
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
  std::vector<NamePattern> qname;
  std::vector<DnsType> qtype;
  std::optional<Transport> transport;
  std::vector<std::string> method;
  std::vector<NamePattern> host;
  std::vector<TextPattern> path;
  std::vector<TextPattern> query;
  std::vector<HeaderPattern> header;
  std::vector<TextPattern> content_type;
  std::vector<StatusRange> status;
  std::vector<NamePattern> sni;
  std::vector<std::string> alpn;
  std::vector<std::string> ja3;
  std::vector<Opcode> opcode;
  std::optional<Bytes> min_size;
  std::optional<Bytes> max_size;
  std::vector<TextPattern> text;
  std::vector<MqttType> packet;
  std::vector<TopicFilter> topic;
  std::vector<MqttQos> qos;
  std::optional<bool> retain;
  std::optional<bool> dup;
  std::vector<TextPattern> client_id;
  std::vector<TextPattern> user_name;
  std::vector<MqttReason> reason;
  std::vector<HeaderPattern> user_property;
  std::vector<XmppElement> stanza;
  std::vector<TextPattern> type;
  std::vector<TextPattern> from;
  std::vector<TextPattern> to;
  std::vector<TextPattern> ns;
  std::vector<TextPattern> kind;

  bool is_for_xmpp() const {
    return !stanza.empty() || !type.empty() || !from.empty() || !to.empty() || !ns.empty();
  }
  bool is_for_framed() const { return !kind.empty(); }
  bool is_for_mqtt() const {
    return !packet.empty() || is_for_publish() || !client_id.empty() || !user_name.empty() ||
           !reason.empty() || !user_property.empty();
  }
  bool is_for_publish() const { return !topic.empty() || !qos.empty() || retain || dup; }
  bool is_for_websocket() const { return !opcode.empty(); }
  bool is_for_messages() const {
    return is_for_websocket() || is_for_mqtt() || is_for_xmpp() || is_for_framed() || min_size ||
           max_size || !text.empty();
  }
  // Whose messages alone it can mean, if only those of one: a set.
  unsigned protocols() const;
  // Those keys, which the rest of the match leaves to each message.
  bool matches(const Message& message, std::span<const std::byte> payload) const;
  bool is_for_tls() const { return !sni.empty() || !alpn.empty() || !ja3.empty(); }
  bool is_for_http() const {
    return !method.empty() || !path.empty() || !query.empty() || !header.empty() ||
           !content_type.empty() || !status.empty();
  }
  // Keys that cannot be decided before there is a server, unless the client is intercepted.
  bool is_for_server() const { return !destination.empty() || !port.empty(); }
  bool is_for_dns() const { return !qname.empty() || !qtype.empty() || transport; }
  Ordinals ordinals() const { return {first, after, every}; }
  bool covers(Direction one) const;
  // All but the ordinals, which need counting. `why_not` names the key that does not match.
  bool matches(const FlowFacts& flow, std::string_view* why_not = nullptr) const;

 private:
  bool matches_question(const FlowFacts& flow, std::string_view* why_not) const;
  bool matches_hello(const FlowFacts& flow, std::string_view* why_not) const;
  bool matches_host(const FlowFacts& flow) const;
  bool matches_http(const FlowFacts& flow, std::string_view* why_not) const;
  bool matches_mqtt(const Message& message) const;
  bool matches_xmpp(const XmppStanza& one) const;
  bool matches_text(const Message& message, std::span<const std::byte> payload) const;
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
