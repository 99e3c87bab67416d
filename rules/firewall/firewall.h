// Firewall is a [[firewall]] of the rule file: an ordered list of lines with a default policy. The
// first line that matches a packet decides; if none matches, the policy decides.
//
// The first packet of a flow (a TCP connect, a client's first datagram, a DNS query) has the state
// `new`. All later packets, in both directions, are `established`. Source and destination are those
// of the packet: the source of a reply is the server. With `stateful = true`, established
// packets are accepted without a line, as in security groups. `stateful = false` means that they go
// through the lines like others, as in nftables and iptables. Those firewalls are stateful, too,
// but need a line for established packets.
//
// Pure values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/match/match.h"
#include "rules/schema/port_range.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

enum class FirewallAction {
  kAccept,
  kDrop,  // the packet is discarded without an answer
  // TCP connections get a RST. Datagrams are dropped, because a proxy cannot send the ICMP message
  // of a rejection.
  kReject,
};
enum class PacketState { kNew, kEstablished };
enum class IpFamily { kIpv4, kIpv6 };

struct Packet {
  std::string listener;
  std::optional<IpAddress> source;  // IP address; no value for a unix socket
  std::optional<IpAddress> destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  Transport transport = Transport::kTcp;
  PacketState state = PacketState::kNew;

  // Returns the address family of the source, or of the destination if there is no source. Returns
  // no value if both are unix sockets.
  std::optional<IpFamily> family() const;
};

// A line of the firewall. A condition that is empty or has no value matches every packet.
struct FirewallLine {
  FirewallAction action = FirewallAction::kAccept;
  std::vector<Prefix> source = {};
  std::vector<Prefix> destination = {};
  std::vector<PortRange> source_port = {};
  std::vector<PortRange> port = {};  // destination ports; if empty, all
  std::optional<IpFamily> family = {};
  std::optional<Transport> protocol = {};
  std::vector<std::string> listener = {};
  std::optional<PacketState> state = {};
  std::string comment = {};

  bool matches(const Packet& packet) const;
  friend bool operator==(const FirewallLine&, const FirewallLine&) = default;
};

struct FirewallDecision {
  FirewallAction action = FirewallAction::kAccept;
  // Index of the line that decided. No value if the policy or the state of the packet decided.
  std::optional<std::size_t> line;

  friend bool operator==(const FirewallDecision&, const FirewallDecision&) = default;
};

struct Firewall {
  std::string name;
  std::vector<std::string> listener;  // names of listeners; if empty, all
  FirewallAction policy = FirewallAction::kAccept;
  bool stateful = true;
  std::vector<FirewallLine> rules;

  FirewallDecision decide(const Packet& packet) const;
};

// Returns the packet that stands for the data of a flow in one direction.
Packet packet_of(const FlowFacts& flow, Direction direction, PacketState state);

const Schema<Firewall>& firewall_schema();
const Schema<FirewallLine>& firewall_line_schema();

// Returns the line as text: `accept 10.0.0.0/8 -> port 1884 tcp (phones)`.
std::string to_text(const FirewallLine& line);
// Returns the decision as text: `line 3: drop 10.0.0.0/8`, or `the policy: drop`.
std::string to_text(const Firewall& firewall, const FirewallDecision& decision);
// Returns the firewall as a [[firewall]] table of a rule file.
std::string to_toml(const Firewall& firewall);

template <>
struct EnumNames<FirewallAction> {
  static constexpr std::array kValues{
      std::pair<std::string_view, FirewallAction>{"accept", FirewallAction::kAccept},
      std::pair<std::string_view, FirewallAction>{"drop", FirewallAction::kDrop},
      std::pair<std::string_view, FirewallAction>{"reject", FirewallAction::kReject}};
};
template <>
struct EnumNames<IpFamily> {
  static constexpr std::array kValues{
      std::pair<std::string_view, IpFamily>{"ipv4", IpFamily::kIpv4},
      std::pair<std::string_view, IpFamily>{"ipv6", IpFamily::kIpv6}};
};
template <>
struct EnumNames<PacketState> {
  static constexpr std::array kValues{
      std::pair<std::string_view, PacketState>{"new", PacketState::kNew},
      std::pair<std::string_view, PacketState>{"established", PacketState::kEstablished}};
};

}  // namespace brownout::rules
