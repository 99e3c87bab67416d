#include "proxy/formats/nftables_match.h"

#include <algorithm>
#include <set>

namespace brownout::codecs {
namespace {

using Json = nlohmann::json;
using rules::IpAddress;
using rules::IpFamily;
using rules::PacketState;
using rules::PortRange;
using rules::Prefix;
using rules::Transport;

constexpr int kDeepestSet = 4;
// Limit of prefixes in the complement of a list of networks.
constexpr std::size_t kMostPrefixes = 4096;

void not_seen(ImportedRule& rule, const std::string& what) {
  rule.why_not = "Brownout proxies no packets of the " + what;
  rule.unseen = true;
}

bool add_range(const Json& value, std::vector<Prefix>& into) {
  if (!value.is_object() || !value.contains("range")) return false;
  const auto& range = value["range"];
  if (!range.is_array() || range.size() != 2 || !range[0].is_string() || !range[1].is_string()) {
    return false;
  }
  const auto first = IpAddress::parse(range[0].get<std::string>());
  const auto last = IpAddress::parse(range[1].get<std::string>());
  if (!first || !last || *last < *first) return false;
  const auto prefixes = prefixes_of(*first, *last);
  into.insert(into.end(), prefixes.begin(), prefixes.end());
  return true;
}

bool add_address(const Json& value, std::vector<Prefix>& into) {
  if (value.is_string()) {
    const auto prefix = rules::parse_prefix(value.get<std::string>());
    if (prefix) into.push_back(*prefix);
    return prefix.has_value();
  }
  if (!value.is_object() || !value.contains("prefix")) return add_range(value, into);
  const auto& prefix = value["prefix"];
  if (!prefix.is_object() || !prefix.contains("len") || !prefix["len"].is_number_integer()) {
    return false;
  }
  const auto parsed = rules::parse_prefix(nft_text(prefix, "addr") + "/" + prefix["len"].dump());
  if (parsed) into.push_back(*parsed);
  return parsed.has_value();
}

// Adds the TCP flags that nft writes as "syn", ["fin", "syn"] or {"|": [...]} to `into`.
void add_flags(const Json& value, int depth, std::set<std::string>& into) {
  if (value.is_string()) into.insert(value.get<std::string>());
  const Json* list = &value;
  if (value.is_object() && value.contains("|")) list = &value["|"];
  if (!list->is_array() || depth > 2 * kDeepestSet) return;
  for (const auto& flag : *list) add_flags(flag, depth + 1, into);
}

}  // namespace

std::string nft_text(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& nft_element(const Json& element) {
  const bool wrapped = element.is_object() && element.contains("elem") &&
                       element["elem"].is_object() && element["elem"].contains("val");
  return wrapped ? element["elem"]["val"] : element;
}

const Json* NftConditions::elements(const Json& value) const {
  if (value.is_string() && value.get<std::string>().starts_with('@')) {
    const auto set = sets_.find("@" + table_ + "/" + value.get<std::string>().substr(1));
    return set != sets_.end() ? &set->second : nullptr;
  }
  return value.is_object() && value.contains("set") ? &value["set"] : nullptr;
}

// Calls read(element) for a value, for each element of a set, or for each element of a named set.
// Returns false if a call fails. Also returns false for an empty set, since it matches nothing,
// while an empty list in the result would match everything.
template <class Read>
bool NftConditions::each(const Json& value, int depth, Read read) const {
  if (depth > kDeepestSet) return false;
  const auto& bare = nft_element(value);
  if (&bare != &value) return each(bare, depth + 1, read);
  const bool named = value.is_string() && value.get<std::string>().starts_with('@');
  const Json* list = elements(value);
  if (list == nullptr && named) return false;
  if (list == nullptr) list = &value;
  if (!list->is_array()) return named ? each(*list, depth + 1, read) : read(*list);
  for (const auto& element : *list) {
    if (!each(element, depth + 1, read)) return false;
  }
  return !list->empty();
}

void NftConditions::read(const Json& left, bool negated, const Json& right,
                         ImportedRule& rule) const {
  const auto key = [&](const char* kind) {
    return left.is_object() && left.contains(kind) ? nft_text(left[kind], "key") : std::string();
  };
  if (left.is_object() && left.contains("payload")) {
    return read_payload(left["payload"], negated, right, rule);
  }
  if (left.is_object() && left.contains("&")) {
    return read_tcp_flags(left["&"], negated, right, rule);
  }
  if (key("ct") == "state") return read_state(negated, right, rule);
  if (key("meta") == "l4proto") return read_protocol(negated, right, rule);
  if (key("meta") == "nfproto" || key("meta") == "protocol") {
    return read_family(negated, right, rule);
  }
  rule.why_not = "a match on " + left.dump();
}

void NftConditions::read_payload(const Json& payload, bool negated, const Json& right,
                                 ImportedRule& rule) const {
  const auto protocol = nft_text(payload, "protocol");
  const auto field = nft_text(payload, "field");
  if ((protocol == "ip" || protocol == "ip6") && (field == "saddr" || field == "daddr")) {
    return read_addresses(payload, negated, right, rule);
  }
  if ((protocol == "ip" && field == "protocol") || (protocol == "ip6" && field == "nexthdr")) {
    narrow(rule, {.family = protocol == "ip" ? IpFamily::kIpv4 : IpFamily::kIpv6});
    return read_protocol(negated, right, rule);
  }
  rules::FirewallLine part;
  if (protocol == "tcp") part.protocol = Transport::kTcp;
  if (protocol == "udp") part.protocol = Transport::kUdp;
  std::vector<PortRange> ports;
  const bool known = (part.protocol || protocol == "th") && (field == "sport" || field == "dport");
  if (!known || !add_ports(right, ports)) {
    rule.why_not = protocol + " " + field + " " + right.dump();
    return;
  }
  if (negated) ports = ports_outside(ports);
  rule.never |= ports.empty();
  (field == "sport" ? part.source_port : part.port) = std::move(ports);
  narrow(rule, part);
}

void NftConditions::read_addresses(const Json& payload, bool negated, const Json& right,
                                   ImportedRule& rule) const {
  const auto field = nft_text(payload, "field");
  const bool v4 = nft_text(payload, "protocol") == "ip";
  std::vector<Prefix> prefixes;
  if (!add_prefixes(right, prefixes)) {
    rule.why_not = (v4 ? "ip " : "ip6 ") + field + " " + right.dump();
    return;
  }
  const auto family = v4 ? IpFamily::kIpv4 : IpFamily::kIpv6;
  if (negated) prefixes = prefixes_outside(std::move(prefixes), family);
  if (prefixes.size() > kMostPrefixes) {
    rule.why_not = "the negated list of networks would need more than 4096 prefixes";
    return;
  }
  rule.never |= prefixes.empty();
  rules::FirewallLine part;
  (field == "saddr" ? part.source : part.destination) = std::move(prefixes);
  // "::/0" also contains the IPv4-mapped addresses (RFC 4291, section 2.5.5.2), so the family must
  // restrict it.
  const auto& list = field == "saddr" ? part.source : part.destination;
  const auto wide = [](const Prefix& prefix) { return prefix.contains(IpAddress::v4({})); };
  if (!v4 && std::any_of(list.begin(), list.end(), wide)) part.family = family;
  narrow(rule, part);
}

bool NftConditions::add_prefixes(const Json& value, std::vector<Prefix>& into) const {
  return each(value, 0, [&](const Json& address) { return add_address(address, into); });
}

bool NftConditions::add_ports(const Json& value, std::vector<PortRange>& into) const {
  const auto as_text = [](const Json& port) {
    return port.is_string() ? port.get<std::string>() : port.dump();
  };
  return each(value, 0, [&](const Json& port) {
    std::string text = as_text(port);
    if (port.is_object()) {
      const auto range = port.find("range");
      if (range == port.end() || !range->is_array() || range->size() != 2) return false;
      text = as_text((*range)[0]) + "-" + as_text((*range)[1]);
    }
    const auto range = rules::parse_port_range(text);
    if (range) into.push_back(*range);
    return range.has_value();
  });
}

void NftConditions::read_state(bool negated, const Json& value, ImportedRule& rule) const {
  bool fresh = false;
  bool established = false;
  const bool good = each(value, 0, [&](const Json& state) {
    fresh |= state == "new";
    established |= state == "established";
    return state == "new" || state == "established" || state == "related" || state == "invalid" ||
           state == "untracked";
  });
  // Does not import "!=" with a list of states. nft compares the list as a bit mask, so the
  // condition also matches packets whose state is in the list.
  if (!good || (negated && value.is_array())) {
    rule.why_not = "ct state " + value.dump();
    return;
  }
  if (!negated && !fresh && !established) return not_seen(rule, "state " + value.dump());
  const auto state =
      selected(fresh, established, negated, PacketState::kNew, PacketState::kEstablished, rule);
  if (state) narrow(rule, {.state = state});
}

void NftConditions::read_protocol(bool negated, const Json& value, ImportedRule& rule) const {
  bool tcp = false;
  bool udp = false;
  const bool good = each(value, 0, [&](const Json& protocol) {
    tcp |= protocol == "tcp" || protocol == 6;
    udp |= protocol == "udp" || protocol == 17;
    return protocol.is_string() || protocol.is_number();
  });
  if (!good) {
    rule.why_not = "it matches the protocols " + value.dump();
    return;
  }
  if (!negated && !tcp && !udp) return not_seen(rule, "protocol " + value.dump());
  const auto protocol = selected(tcp, udp, negated, Transport::kTcp, Transport::kUdp, rule);
  if (protocol) narrow(rule, {.protocol = protocol});
}

// Reads a condition on the address family, by nfproto ("ipv4") or by the type of the frame ("ip").
void NftConditions::read_family(bool negated, const Json& value, ImportedRule& rule) const {
  bool v4 = false;
  bool v6 = false;
  const bool good = each(value, 0, [&](const Json& family) {
    v4 |= family == "ipv4" || family == "ip";
    v6 |= family == "ipv6" || family == "ip6";
    return family.is_string();
  });
  if (!good) {
    rule.why_not = "it matches the address families " + value.dump();
    return;
  }
  if (!negated && !v4 && !v6) return not_seen(rule, "family " + value.dump());
  const auto family = selected(v4, v6, negated, IpFamily::kIpv4, IpFamily::kIpv6, rule);
  if (family) narrow(rule, {.family = family});
}

// Reads TCP flags. Only SYN without FIN, RST and ACK is imported, since the first packet of a
// connection has exactly these flags.
void NftConditions::read_tcp_flags(const Json& masked, bool negated, const Json& value,
                                   ImportedRule& rule) {
  std::set<std::string> mask;
  std::set<std::string> flags;
  add_flags(value, 0, flags);
  const bool two = masked.is_array() && masked.size() == 2 && masked[0].is_object() &&
                   masked[0].contains("payload");
  if (two) add_flags(masked[1], 0, mask);
  const bool tcp_flags = two && nft_text(masked[0]["payload"], "protocol") == "tcp" &&
                         nft_text(masked[0]["payload"], "field") == "flags";
  if (!tcp_flags || flags != std::set<std::string>{"syn"} ||
      mask != std::set<std::string>{"fin", "syn", "rst", "ack"}) {
    rule.why_not = "a [[firewall]] cannot express a match on bits of " + masked.dump();
    return;
  }
  narrow(rule, {.protocol = Transport::kTcp,
                .state = negated ? PacketState::kEstablished : PacketState::kNew});
}

}  // namespace brownout::codecs
