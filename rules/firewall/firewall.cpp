#include "rules/firewall/firewall.h"

#include <algorithm>

#include "rules/base/terminal_text.h"

namespace brownout::rules {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

template <class T>
std::string list_of(const std::vector<T>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + to_text(value);
  return text;
}

template <class T>
std::string toml_list(const std::vector<T>& values) {
  std::string text;
  for (const auto& value : values) {
    std::string word;
    if constexpr (std::is_same_v<T, std::string>) {
      word = value;
    } else {
      word = to_text(value);
    }
    text += (text.empty() ? "" : ", ") + ("\"" + word + "\"");
  }
  return values.size() == 1 ? text : "[" + text + "]";
}

// Returns `text` as a quoted TOML string (a basic string, TOML v1.0.0, "String").
std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string toml_line(const FirewallLine& line) {
  std::string text = "  { action = \"" + std::string(name_of(line.action)) + "\"";
  if (!line.source.empty()) text += ", source = " + toml_list(line.source);
  if (!line.destination.empty()) text += ", destination = " + toml_list(line.destination);
  if (!line.source_port.empty()) text += ", source_port = " + toml_list(line.source_port);
  if (!line.port.empty()) text += ", port = " + toml_list(line.port);
  if (line.family) text += ", family = \"" + std::string(name_of(*line.family)) + "\"";
  if (line.protocol) text += ", protocol = \"" + std::string(name_of(*line.protocol)) + "\"";
  if (!line.listener.empty()) text += ", listener = " + toml_list(line.listener);
  if (line.state) text += ", state = \"" + std::string(name_of(*line.state)) + "\"";
  if (!line.comment.empty()) text += ", comment = " + toml_text(line.comment);
  return text + " },\n";
}

}  // namespace

std::optional<IpFamily> Packet::family() const {
  const auto& address = source ? source : destination;
  if (!address) return std::nullopt;
  return address->is_v4() ? IpFamily::kIpv4 : IpFamily::kIpv6;
}

bool FirewallLine::matches(const Packet& packet) const {
  if (family && packet.family() != family) return false;
  if (state && *state != packet.state) return false;
  if (protocol && *protocol != packet.transport) return false;
  if (!has(listener, packet.listener)) return false;
  if (!source.empty() && !any_contains(source, packet.source)) return false;
  if (!destination.empty() && !any_contains(destination, packet.destination)) return false;
  if (!source_port.empty() && !any_has(source_port, packet.source_port)) return false;
  return port.empty() || any_has(port, packet.destination_port);
}

FirewallDecision Firewall::decide(const Packet& packet) const {
  if (!has(listener, packet.listener)) return {};
  if (stateful && packet.state == PacketState::kEstablished) return {};
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].matches(packet)) return {rules[i].action, i};
  }
  return {policy, std::nullopt};
}

Packet packet_of(const FlowFacts& flow, Direction direction, PacketState state) {
  const auto own = flow.carrier == Carrier::kDatagram ? Transport::kUdp : Transport::kTcp;
  Packet packet{.listener = flow.listener,
                .source = flow.client,
                .destination = flow.destination,
                .source_port = flow.client_port,
                .destination_port = flow.destination_port,
                .transport = flow.dns.transport.value_or(own),
                .state = state};
  if (direction == Direction::kDownstream) {
    std::swap(packet.source, packet.destination);
    std::swap(packet.source_port, packet.destination_port);
  }
  return packet;
}

std::string to_text(const FirewallLine& line) {
  std::string text(name_of(line.action));
  if (!line.source.empty()) text += " " + list_of(line.source);
  if (!line.source_port.empty()) text += " port " + list_of(line.source_port);
  if (!line.destination.empty() || !line.port.empty()) text += " ->";
  if (!line.destination.empty()) text += " " + list_of(line.destination);
  if (!line.port.empty()) text += " port " + list_of(line.port);
  if (line.family) text += " " + std::string(name_of(*line.family));
  if (line.protocol) text += " " + std::string(name_of(*line.protocol));
  if (line.state) text += " " + std::string(name_of(*line.state));
  for (const auto& name : line.listener) text += " on " + name;
  if (!line.comment.empty()) text += " (" + line.comment + ")";
  return text;
}

std::string to_text(const Firewall& firewall, const FirewallDecision& decision) {
  if (decision.line) {
    return "line " + std::to_string(*decision.line + 1) + ": " +
           to_text(firewall.rules[*decision.line]);
  }
  return "the policy: " + std::string(name_of(decision.action));
}

std::string to_toml(const Firewall& firewall) {
  std::string text = "[[firewall]]\nname = " + toml_text(firewall.name) + "\n";
  if (!firewall.listener.empty()) text += "listener = " + toml_list(firewall.listener) + "\n";
  text += "policy = \"" + std::string(name_of(firewall.policy)) + "\"\n";
  if (!firewall.stateful) text += "stateful = false\n";
  if (firewall.rules.empty()) return text;
  text += "rules = [\n";
  for (const auto& line : firewall.rules) text += toml_line(line);
  return text + "]\n";
}

const Schema<FirewallLine>& firewall_line_schema() {
  static const Schema<FirewallLine> schema{{
      field("action", &FirewallLine::action,
            "accept: packets pass; drop: they vanish; reject: a TCP connection gets a RST, a "
            "datagram the ICMP message port unreachable where Brownout may send it",
            {.required = true}),
      field("source", &FirewallLine::source, "only packets with these source addresses"),
      field("destination", &FirewallLine::destination,
            "only packets with these destination addresses; the destination of a reply is the "
            "client"),
      field("source_port", &FirewallLine::source_port,
            "only packets with these source ports: numbers or ranges, e.g. \"1024-65535\""),
      field("port", &FirewallLine::port,
            "only packets with these destination ports: numbers or ranges"),
      field("family", &FirewallLine::family,
            "only packets with addresses of this family; the prefix \"::/0\" alone also matches "
            "IPv4"),
      field("protocol", &FirewallLine::protocol, "only packets of this transport protocol"),
      field("listener", &FirewallLine::listener,
            "only packets of connections and sessions of these listeners"),
      field("state", &FirewallLine::state,
            "new: the first packet of a connection or session; established: all later packets, in "
            "both directions; left out, all packets"),
      field("comment", &FirewallLine::comment, "shown by `explain` and `firewall diff`"),
  }};
  return schema;
}

const Schema<Firewall>& firewall_schema() {
  static const Schema<Firewall> schema{{
      field("name", &Firewall::name,
            "the name by which faults, logs and metrics refer to the firewall", {.required = true}),
      field("listener", &Firewall::listener,
            "the listeners whose traffic passes the firewall; left out, all"),
      field("policy", &Firewall::policy, "what happens to a packet that no line matches"),
      field("stateful", &Firewall::stateful,
            "true: established packets are accepted without a line (security groups); false: they "
            "need a line (nftables, iptables)"),
      nested<Firewall>(
          "rules", "list of tables", "the lines, in order; the first line that matches decides",
          [](const Node& node, Firewall& firewall, Diagnostics& problems) {
            if (node.array() == nullptr) {
              problems.add(node.where, "rules: expected a list of tables",
                           R"(e.g. rules = [{ action = "accept", source = "10.0.0.0/8" }])");
              return;
            }
            for (const auto& line : *node.array()) {
              firewall.rules.push_back(
                  firewall_line_schema().read(line, "a line of the firewall", problems));
            }
          }),
  }};
  return schema;
}

}  // namespace brownout::rules
