#include "proxy/formats/firewall_import.h"

#include <algorithm>
#include <set>

namespace brownout::codecs {
namespace {

using rules::FirewallAction;
using rules::FirewallLine;
using rules::IpAddress;
using rules::IpFamily;
using rules::PortRange;
using rules::Prefix;
using Number = unsigned __int128;

constexpr std::size_t kMostLines = 20'000;
constexpr std::size_t kMostSteps = 2'000'000;
constexpr int kDeepestImport = 200;

Number as_number(const IpAddress& address) {
  Number value = 0;
  for (const auto byte : address.bytes) value = value << 8 | byte;
  return value;
}

IpAddress as_address(Number value) {
  IpAddress address;
  for (auto byte = address.bytes.rbegin(); byte != address.bytes.rend(); ++byte, value >>= 8) {
    *byte = static_cast<std::uint8_t>(value & 0xff);
  }
  return address;
}

// Stores in `result` the addresses that both lists contain. An empty list means all addresses, so
// the result is then the other list. Returns false if no address is in both lists.
bool intersect(const std::vector<Prefix>& a, const std::vector<Prefix>& b,
               std::vector<Prefix>& result) {
  if (a.empty() || b.empty()) {
    result = a.empty() ? b : a;
    return true;
  }
  for (const auto& left : a) {
    for (const auto& right : b) {
      const auto& narrow = left.length >= right.length ? left : right;
      const auto& wide = left.length >= right.length ? right : left;
      if (wide.contains(narrow.network)) result.push_back(narrow);
    }
  }
  return !result.empty();
}

bool intersect(const std::vector<PortRange>& a, const std::vector<PortRange>& b,
               std::vector<PortRange>& result) {
  if (a.empty() || b.empty()) {
    result = a.empty() ? b : a;
    return true;
  }
  for (const auto& left : a) {
    for (const auto& right : b) {
      const PortRange range{std::max(left.first, right.first), std::min(left.last, right.last)};
      if (range.first <= range.last) result.push_back(range);
    }
  }
  return !result.empty();
}

const Prefix kAllIpv4{IpAddress::v4({}), 96};

// Removes prefixes of the other address family. Returns false if no prefix is left. An IPv6 prefix
// that also contains the IPv4-mapped addresses, such as "::/0", stays: the line's family restricts
// it.
bool keep_family(std::vector<Prefix>& prefixes, IpFamily family) {
  if (prefixes.empty()) return true;
  std::vector<Prefix> kept;
  for (const auto& prefix : prefixes) {
    const bool v4 = kAllIpv4.contains(prefix.network) && prefix.length >= kAllIpv4.length;
    const bool wide = !v4 && prefix.contains(kAllIpv4.network);
    if (family == IpFamily::kIpv4 && (v4 || wide)) kept.push_back(v4 ? prefix : kAllIpv4);
    if (family == IpFamily::kIpv6 && !v4) kept.push_back(prefix);
  }
  prefixes = std::move(kept);
  return !prefixes.empty();
}

// Removes the line's address family if the source addresses imply it. Returns false if no packet
// can match the line.
bool settle_family(FirewallLine& line) {
  if (!line.family) return true;
  if (!keep_family(line.source, *line.family) || !keep_family(line.destination, *line.family)) {
    return false;
  }
  const bool v4 = line.family == IpFamily::kIpv4;
  const bool implied =
      !line.source.empty() && std::all_of(line.source.begin(), line.source.end(), [&](auto& part) {
        return v4 || !part.contains(kAllIpv4.network);
      });
  if (implied) line.family.reset();
  return true;
}

template <class T>
bool intersect(const std::optional<T>& a, const std::optional<T>& b, std::optional<T>& result) {
  if (a && b && *a != *b) return false;
  result = a ? a : b;
  return true;
}

bool same_packets(const FirewallLine& a, FirewallLine b) {
  b.action = a.action;
  b.comment = a.comment;
  return a == b;
}

// Turns the chains of a firewall into one flat list of lines for a [[firewall]]. Each line of this
// list gives a final verdict. So if some packets leave a chain early, the lines for these packets
// are added at once, up to their verdict.
class Flattener {
 public:
  Flattener(const ImportedChains& chains, ImportedFirewall& into) : chains_(chains), into_(into) {}

  // Adds the lines for a chain with a hook. Returns false if there are too many lines, or if jumps
  // form a cycle.
  bool add(const ImportedChain& base) { return walk(base, 0, {}, nullptr, 0) != Way::kTooMany; }

 private:
  // The place where evaluation continues after the end of a chain to which a rule jumped. The
  // places form a stack, as jumps may be nested.
  struct Behind {
    const ImportedChain& chain;
    std::size_t next;
    const Behind* below;
  };
  enum class Way {
    kDecided,  // all packets that were followed have a verdict
    kEnds,     // some of the packets reach the end of the chain without a verdict
    kTooMany,
  };

  Way walk(const ImportedChain& chain, std::size_t from, const FirewallLine& condition,
           const Behind* behind, int depth) {
    if (depth > kDeepestImport) return Way::kTooMany;
    for (auto i = from; i < chain.rules.size(); ++i) {
      if (++steps_ > kMostSteps || into_.firewall.rules.size() > kMostLines) return Way::kTooMany;
      const auto& rule = chain.rules[i];
      const bool goes = rule.verdict == ImportedRule::Verdict::kJump ||
                        rule.verdict == ImportedRule::Verdict::kGoto;
      const bool lost = goes && !chains_.contains(rule.target);
      if (lost || !rule.why_not.empty()) {
        const auto why = lost ? "there is no chain " + rules::in_quotes(rule.target) : rule.why_not;
        if (left_out_.insert(&rule).second) into_.left_out.push_back({rule.text, why});
        continue;
      }
      auto line = rule.never ? std::nullopt : both(condition, rule.line);
      if (!line) continue;  // no packet matches both the rule and the jumps to it
      const bool all = same_packets(condition, *line);
      if (rule.verdict == ImportedRule::Verdict::kReturn && all) return Way::kEnds;
      if (rule.verdict == ImportedRule::Verdict::kGoto && all) {
        return walk(chains_.at(rule.target), 0, *line, behind, depth + 1);
      }
      const auto way = follow(rule, {chain, i + 1, behind}, std::move(*line), depth);
      if (way == Way::kTooMany || (way == Way::kDecided && all)) return way;
    }
    return Way::kEnds;
  }

  // Follows the packets that match a rule to their verdict, or to the end of the chain.
  Way follow(const ImportedRule& rule, const Behind& here, FirewallLine line, int depth) {
    switch (rule.verdict) {
      case ImportedRule::Verdict::kDecide:
        into_.firewall.rules.push_back(std::move(line));
        return Way::kDecided;
      case ImportedRule::Verdict::kJump:
        return walk(chains_.at(rule.target), 0, line, &here, depth + 1);
      case ImportedRule::Verdict::kGoto: {
        const auto way = walk(chains_.at(rule.target), 0, line, here.below, depth + 1);
        return way == Way::kEnds ? finish(std::move(line), here.below, depth) : way;
      }
      case ImportedRule::Verdict::kReturn:
        return finish(std::move(line), here.below, depth);
      case ImportedRule::Verdict::kNone:
        break;  // the rule only counts or logs packets
    }
    return Way::kEnds;
  }

  // Follows packets that have left a chain to their verdict: through the rules after each jump,
  // then the policy.
  Way finish(FirewallLine condition, const Behind* behind, int depth) {
    for (; behind != nullptr; behind = behind->below) {
      const auto way = walk(behind->chain, behind->next, condition, behind->below, depth + 1);
      if (way != Way::kEnds) return way;
    }
    condition.action = into_.firewall.policy;
    condition.comment = "the policy";
    into_.firewall.rules.push_back(std::move(condition));
    return Way::kDecided;
  }

  const ImportedChains& chains_;
  ImportedFirewall& into_;
  std::size_t steps_ = 0;
  std::set<const ImportedRule*> left_out_;
};

// Returns the rank of the chain's nftables table. A table for both address families has the first
// rank, then a table for IPv4, then a table for IPv6.
int rank_of(const ImportedChain& chain) {
  if (chain.family == "ip") return 1;
  return chain.family == "ip6" ? 2 : 0;
}

const std::pair<const std::string, ImportedChain>* choose(const ImportedChains& chains,
                                                          std::string_view wanted) {
  const std::pair<const std::string, ImportedChain>* best = nullptr;
  const std::pair<const std::string, ImportedChain>* only = nullptr;
  int hooked = 0;
  for (const auto& entry : chains) {
    if (entry.first == wanted) return &entry;
    const auto& [name, chain] = entry;
    // `wanted` may leave the address family out: "filter/input" also selects the chain "ip
    // filter/input".
    const bool named = !wanted.empty() && name.ends_with(" " + std::string(wanted));
    const bool there = !chain.hook.empty() && chain.hook == (wanted.empty() ? "input" : wanted);
    if ((named || there) && (best == nullptr || rank_of(chain) < rank_of(best->second))) {
      best = &entry;
    }
    if (chain.hook.empty()) continue;
    only = &entry;
    ++hooked;
  }
  if (best != nullptr) return best;
  return wanted.empty() && hooked == 1 ? only : nullptr;
}

void leave_out_jumps_to_nowhere(ImportedChains& chains) {
  for (auto& [name, chain] : chains) {
    for (auto& rule : chain.rules) {
      if (rule.target.empty() || !rule.why_not.empty() || chains.count(rule.target) > 0) continue;
      rule.why_not = "there is no chain " + rules::in_quotes(rule.target);
    }
  }
}

// Adds a line that accepts all packets of the address family that the imported table does not see.
// Without it, lines without an address would match these packets too.
void accept_the_other_family(const std::string& family, rules::Firewall& firewall) {
  if (family != "ip" && family != "ip6") return;
  const bool of_ipv6 = family == "ip6";
  firewall.rules.push_back({.action = FirewallAction::kAccept,
                            .family = of_ipv6 ? IpFamily::kIpv4 : IpFamily::kIpv6,
                            .comment = of_ipv6 ? "the imported table does not filter IPv4"
                                               : "the imported table does not filter IPv6"});
}

}  // namespace

std::vector<Prefix> prefixes_of(const IpAddress& first, const IpAddress& last) {
  std::vector<Prefix> prefixes;
  Number low = as_number(first);
  const Number high = as_number(last);
  while (low <= high) {
    // Finds the largest aligned block of addresses that begins at `low` and ends within the range.
    unsigned bits = 0;
    while (bits < 128) {
      const Number block = Number{1} << bits;  // half the size of the next larger block
      const bool aligned = bits < 127 && (low & (block * 2 - 1)) == 0;
      if (!aligned || high - low < block * 2 - 1) break;
      ++bits;
    }
    prefixes.push_back({as_address(low), 128 - bits});
    const Number end = low + ((Number{1} << bits) - 1);
    if (end >= high) break;
    low = end + 1;
  }
  return prefixes;
}

std::vector<Prefix> prefixes_outside(std::vector<Prefix> prefixes, IpFamily family) {
  std::sort(prefixes.begin(), prefixes.end());
  const bool v4 = family == IpFamily::kIpv4;
  const Number last = v4 ? as_number(IpAddress::v4({255, 255, 255, 255})) : ~Number{0};
  Number next = v4 ? as_number(IpAddress::v4({})) : Number{0};
  std::vector<Prefix> outside;
  const auto add = [&](Number first, Number until) {
    const auto between = prefixes_of(as_address(first), as_address(until));
    outside.insert(outside.end(), between.begin(), between.end());
  };
  for (const auto& prefix : prefixes) {
    const auto first = as_number(prefix.network);
    const auto hosts = prefix.length == 0     ? ~Number{0}
                       : prefix.length >= 128 ? Number{0}
                                              : ~Number{0} >> prefix.length;
    const auto end = first | hosts;
    if (first > next) add(next, first - 1);
    if (end >= last) return outside;
    next = std::max(next, end + 1);
  }
  add(next, last);
  return outside;
}

std::vector<PortRange> ports_outside(std::vector<PortRange> ports) {
  std::sort(ports.begin(), ports.end(),
            [](const PortRange& a, const PortRange& b) { return a.first < b.first; });
  std::vector<PortRange> outside;
  unsigned next = 0;
  for (const auto& range : ports) {
    if (range.first > next) {
      outside.push_back(
          {static_cast<std::uint16_t>(next), static_cast<std::uint16_t>(range.first - 1)});
    }
    next = std::max(next, range.last + 1U);
  }
  if (next <= 65535) outside.push_back({static_cast<std::uint16_t>(next), 65535});
  return outside;
}

void narrow(ImportedRule& rule, const FirewallLine& part) {
  auto line = both(part, rule.line);
  if (!line) {
    rule.never = true;
    return;
  }
  rule.line = std::move(*line);
}

std::optional<FirewallLine> both(const FirewallLine& a, const FirewallLine& b) {
  FirewallLine line;
  line.action = b.action;
  line.comment = b.comment.empty() ? a.comment : b.comment;
  const bool possible = intersect(a.source, b.source, line.source) &&
                        intersect(a.destination, b.destination, line.destination) &&
                        intersect(a.source_port, b.source_port, line.source_port) &&
                        intersect(a.port, b.port, line.port) &&
                        intersect(a.family, b.family, line.family) &&
                        intersect(a.protocol, b.protocol, line.protocol) &&
                        intersect(a.state, b.state, line.state) && settle_family(line);
  return possible ? std::optional(std::move(line)) : std::nullopt;
}

rules::Result<ImportedFirewall> import_firewall(std::string_view text, std::string_view chain) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && text[begin] == '{';
  auto chains = json ? read_nftables(text) : read_iptables(text);
  if (!chains) return tl::unexpected(chains.error());
  leave_out_jumps_to_nowhere(*chains);
  const auto* chosen = choose(*chains, chain);
  std::string names;
  for (const auto& [name, candidate] : *chains) names += (names.empty() ? "" : ", ") + name;
  if (chosen == nullptr) {
    return rules::config_error(
        chain.empty() ? "there is no chain with the hook input"
                      : "there is no chain or hook \"" + std::string(chain) + "\"",
        names.empty() ? "the ruleset has no filter chain" : "choose one with --chain: " + names);
  }
  ImportedFirewall imported;
  imported.firewall.name = chosen->first;
  imported.firewall.policy = chosen->second.policy;
  imported.firewall.stateful = false;
  accept_the_other_family(chosen->second.family, imported.firewall);
  if (!Flattener(*chains, imported).add(chosen->second)) {
    return rules::config_error(
        rules::in_quotes(chosen->first) +
            " has too many lines when the chains that it jumps to are inserted (limit " +
            std::to_string(kMostLines) + ")",
        "check whether chains jump to each other in a circle, or import another chain");
  }
  for (const auto& [name, candidate] : *chains) {
    if (!candidate.hook.empty() && name != chosen->first) imported.other_chains.push_back(name);
  }
  return imported;
}

}  // namespace brownout::codecs
