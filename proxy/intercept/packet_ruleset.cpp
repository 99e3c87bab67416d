#include "proxy/intercept/packet_ruleset.h"

#include <fmt/core.h>

#include <algorithm>

namespace brownout::proxy {
namespace {

using rules::IpAddress;
using rules::PortRange;
using rules::Prefix;
using rules::SynClause;
using rules::SynDraw;
using rules::Unreachable;

// Timeout after which the rules expire. Brownout restarts it every ten seconds
// (PacketTable::refresh()).
constexpr std::string_view kAlive = "ipv4 timeout 30s, ipv6 timeout 30s";
// Random numbers in nftables are below this number, and are compared with a threshold.
constexpr std::uint64_t kDraws = 1'000'000'000;

const Prefix kAllV4{IpAddress::v4({0, 0, 0, 0}), 96};

bool covers(const Prefix& whole, const Prefix& part) {
  return whole.length <= part.length && masked(part.network, whole.length) == whole.network;
}

// Returns the prefixes of one address family without those that others cover, since nftables sets
// must not overlap. No value if no address of the family can match.
std::optional<std::vector<Prefix>> of_family(const std::vector<Prefix>& prefixes, bool v4) {
  std::vector<Prefix> found;
  for (const auto& prefix : prefixes) {
    // A prefix that covers all IPv4-mapped addresses matches every IPv4 address.
    if (v4 && covers(prefix, kAllV4)) return std::vector<Prefix>{};
    if (prefix.network.is_v4() != v4) continue;
    if (!v4 && prefix.length == 0) return std::vector<Prefix>{};
    found.push_back(prefix);
  }
  if (found.empty()) return std::nullopt;
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.length < b.length; });
  std::vector<Prefix> apart;
  for (const auto& prefix : found) {
    const bool known = std::any_of(apart.begin(), apart.end(),
                                   [&](const auto& other) { return covers(other, prefix); });
    if (!known) apart.push_back(prefix);
  }
  return apart;
}

std::vector<PortRange> apart(std::vector<PortRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<PortRange> merged;
  for (const auto& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().last) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

template <class T>
std::string set_of(const std::vector<T>& values) {
  std::string all;
  for (const auto& value : values) all += (all.empty() ? "" : ", ") + to_text(value);
  return "{ " + all + " }";
}

// Writes the lines of one clause, for one address family and one transport.
class ClauseText {
 public:
  ClauseText(const PacketPort& port, bool v4, std::string_view transport)
      : port_(port),
        family_(v4 ? "ip" : "ip6"),
        transport_(transport),
        v4_(v4),
        text_(
            fmt::format("    meta nfproto {} meta l4proto {} ", v4 ? "ipv4" : "ipv6", transport)) {}

  // Returns "" if no packet can match.
  std::string line(const SynClause& clause, const std::string& verdict) {
    if (clause.v4 && *clause.v4 != v4_) return {};
    const bool any =
        add_addresses(family_ + " saddr", clause.client) &&
        add_addresses(meant() + family_ + " daddr", clause.destination) &&
        (!clause.named ||
         (!clause.named->empty() && add_addresses(meant() + family_ + " daddr", *clause.named)));
    if (!any || !add_draw(clause.draw)) return {};
    add_ports(transport_ + " sport", clause.client_port);
    add_ports(redirected() ? "ct original proto-dst" : transport_ + " dport", clause.port);
    return text_ + draw_ + verdict + "\n";
  }

 private:
  bool redirected() const { return port_.arrival == PacketArrival::kRedirected; }
  std::string meant() const { return redirected() ? "ct original " : ""; }

  bool add_addresses(const std::string& key, const std::vector<Prefix>& prefixes) {
    if (prefixes.empty()) return true;
    const auto some = of_family(prefixes, v4_);
    if (some && !some->empty()) text_ += key + " " + set_of(*some) + " ";
    return some.has_value();
  }

  void add_ports(const std::string& key, const std::vector<PortRange>& ranges) {
    if (!ranges.empty()) text_ += key + " " + set_of(apart(ranges)) + " ";
  }

  // Returns false if the draw selects nothing.
  bool add_draw(const SynDraw& draw) {
    const auto parts = draw.probability.parts_per_billion;
    if (parts >= rules::Ratio::kOne) return true;
    const auto threshold = static_cast<std::uint64_t>(parts) * kDraws / rules::Ratio::kOne;
    if (threshold == 0) return false;
    std::string number = fmt::format("numgen random mod {}", kDraws);
    if (draw.per != SynDraw::Per::kSegment) {
      auto keys = family_ + " saddr";
      if (draw.per == SynDraw::Per::kConnection) keys += " . " + transport_ + " sport";
      const bool sequence = draw.per == SynDraw::Per::kConnection && transport_ == "tcp";
      if (sequence) keys += " . tcp sequence";
      // Without a seed nftables would take one at random each time the rules are replaced.
      number = fmt::format("jhash {} mod {} seed {:#x}", keys, kDraws, std::max(draw.seed, 1U));
    }
    draw_ = fmt::format("{} < {} ", number, threshold);
    return true;
  }

  const PacketPort& port_;
  const std::string family_;
  const std::string transport_;
  const bool v4_;
  std::string text_;
  std::string draw_;
};

// Returns the type of a message as nft writes it for both families.
std::string_view type_of(Unreachable what) {
  switch (what) {
    case Unreachable::kHost:
      return "host-unreachable";
    case Unreachable::kNet:
      return "no-route";
    case Unreachable::kPort:
      return "port-unreachable";
    case Unreachable::kProhibited:
      break;
  }
  return "admin-prohibited";
}

std::string verdict_of(const SynClause& clause, const rules::SynRule& rule,
                       const std::string& counter) {
  if (!clause.loses) return "return";
  const auto counted = fmt::format("counter name \"{}\" ", counter);
  if (!rule.answer) return counted + "drop";
  return counted + "reject with icmpx type " + std::string(type_of(*rule.answer));
}

// Returns the nft condition for the listener's packets of a transport ("tcp" or "udp").
std::string condition(const PacketPort& port, std::string_view transport) {
  const std::string only = transport == "tcp" ? " tcp flags & (fin | syn | rst | ack) == syn" : "";
  if (port.arrival == PacketArrival::kMarked)
    return fmt::format("meta mark {} meta l4proto {}{}", port.port, transport, only);
  auto text = fmt::format("{} dport {}{}", transport, port.port, only);
  if (port.arrival == PacketArrival::kRedirected) return text + " ct status dnat";
  if (!port.address) return text;
  return fmt::format("{} daddr {} {}", port.address->is_v4() ? "ip" : "ip6", to_text(*port.address),
                     text);
}

// Returns the nft chains for the rules of one port and transport, and adds the jump to them to
// `incoming`.
std::string chains(const PacketPort& port, std::size_t number, std::string_view transport,
                   std::string& incoming) {
  std::string text;
  std::string jumps;
  for (std::size_t i = 0; i < port.rules.size(); ++i) {
    const auto& rule = port.rules[i];
    // For datagrams, only rejecting rules are needed: the proxy itself applies the others.
    const auto& carriers = rule.rule->kind->carriers;
    if (transport == "udp" && (!rule.answer || !carriers.has(rules::Carrier::kDatagram))) continue;
    const auto name = fmt::format("{}_{}_{}", transport, number, i);
    std::string lines;
    for (const auto& clause : rule.clauses) {
      const auto verdict = verdict_of(clause, rule, packet_counter(number, i));
      for (const bool v4 : {true, false})
        lines += ClauseText(port, v4, transport).line(clause, verdict);
    }
    text += fmt::format("  chain {} {{\n{}  }}\n", name, lines);
    jumps += fmt::format("    jump {}\n", name);
  }
  if (jumps.empty()) return {};
  text += fmt::format("  chain {}_{} {{\n{}  }}\n", transport, number, jumps);
  incoming += fmt::format("    {} jump {}_{}\n", condition(port, transport), transport, number);
  return text;
}

}  // namespace

std::string packet_counter(std::size_t port, std::size_t rule) {
  return fmt::format("count_{}_{}", port, rule);
}

std::string packet_ruleset(std::span<const PacketPort> ports, const std::string& table) {
  std::string counters;
  std::string text;
  std::string incoming;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    for (std::size_t j = 0; j < ports[i].rules.size(); ++j)
      counters += fmt::format("  counter {} {{\n  }}\n", packet_counter(i, j));
    if (ports[i].streams) text += chains(ports[i], i, "tcp", incoming);
    if (ports[i].datagrams) text += chains(ports[i], i, "udp", incoming);
  }
  return packet_removal(table) +
         fmt::format(
             "table inet {} {{\n  set while_alive {{\n    type nf_proto\n    flags timeout\n"
             "    elements = {{ {} }}\n  }}\n{}{}  chain incoming {{\n"
             "    type filter hook input priority -10; policy accept;\n"
             "    meta nfproto != @while_alive accept\n{}  }}\n}}\n",
             table, kAlive, counters, text, incoming);
}

std::string packet_refresh(const std::string& table) {
  return fmt::format("flush set inet {0} while_alive\nadd element inet {0} while_alive {{ {1} }}\n",
                     table, kAlive);
}

std::string packet_removal(const std::string& table) {
  return fmt::format("add table inet {0}\ndelete table inet {0}\n", table);
}

}  // namespace brownout::proxy
