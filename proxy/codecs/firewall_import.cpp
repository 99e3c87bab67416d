#include "proxy/codecs/firewall_import.h"

#include <algorithm>

namespace brownout::codecs {
namespace {

using rules::FirewallAction;
using rules::FirewallLine;
using rules::IpAddress;
using rules::PortRange;
using rules::Prefix;
using Number = unsigned __int128;

constexpr std::size_t kMostLines = 20'000;
constexpr int kDeepestJump = 16;

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

// Empty lists match all, so that the other decides.
bool intersect(const std::vector<Prefix>& a, const std::vector<Prefix>& b,
               std::vector<Prefix>& result) {
  if (a.empty() || b.empty()) {
    result = a.empty() ? b : a;
    return true;
  }
  for (const auto& one : a) {
    for (const auto& other : b) {
      const auto& narrow = one.length >= other.length ? one : other;
      const auto& wide = one.length >= other.length ? other : one;
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
  for (const auto& one : a) {
    for (const auto& other : b) {
      const PortRange range{std::max(one.first, other.first), std::min(one.last, other.last)};
      if (range.first <= range.last) result.push_back(range);
    }
  }
  return !result.empty();
}

template <class T>
bool intersect(const std::optional<T>& a, const std::optional<T>& b, std::optional<T>& result) {
  if (a && b && *a != *b) return false;
  result = a ? a : b;
  return true;
}

class Flattener {
 public:
  Flattener(const ImportedChains& chains, ImportedFirewall& into) : chains_(chains), into_(into) {}

  // False when there are too many lines or jumps go in a circle.
  bool add(const ImportedChain& chain, const FirewallLine& condition, int depth) {
    if (depth > kDeepestJump) return false;
    for (const auto& rule : chain.rules) {
      if (into_.firewall.rules.size() > kMostLines) return false;
      if (!rule.why_not.empty()) {
        into_.left_out.push_back({rule.text, rule.why_not});
        continue;
      }
      if (!add_rule(chain, rule, condition, depth)) return false;
    }
    return true;
  }

 private:
  bool add_rule(const ImportedChain& chain, const ImportedRule& rule, const FirewallLine& condition,
                int depth) {
    auto line = both(condition, rule.line);
    if (!line) return true;  // can never match
    switch (rule.verdict) {
      case ImportedRule::Verdict::kDecide:
        into_.firewall.rules.push_back(std::move(*line));
        return true;
      case ImportedRule::Verdict::kJump:
      case ImportedRule::Verdict::kGoto:
        return jump(rule, *line, depth);
      case ImportedRule::Verdict::kReturn:
        // At the end of a chain it says what happens anyway.
        if (&rule == &chain.rules.back()) return true;
        into_.left_out.push_back({rule.text, "return from within a chain"});
        return true;
      case ImportedRule::Verdict::kNone:
        return true;  // counts or logs
    }
    return true;
  }

  bool jump(const ImportedRule& rule, const FirewallLine& condition, int depth) {
    const auto target = chains_.find(rule.target);
    if (target == chains_.end()) {
      into_.left_out.push_back({rule.text, "there is no chain " + rule.target});
      return true;
    }
    if (!add(target->second, condition, depth + 1)) return false;
    if (rule.verdict != ImportedRule::Verdict::kGoto) return true;
    // From there it does not come back: the policy decides.
    auto rest = condition;
    rest.action = into_.firewall.policy;
    rest.comment = "policy, behind " + rule.target;
    into_.firewall.rules.push_back(std::move(rest));
    return true;
  }

  const ImportedChains& chains_;
  ImportedFirewall& into_;
};

const std::pair<const std::string, ImportedChain>* choose(const ImportedChains& chains,
                                                          std::string_view wanted) {
  const std::pair<const std::string, ImportedChain>* only = nullptr;
  int hooked = 0;
  for (const auto& entry : chains) {
    if (entry.first == wanted) return &entry;
    if (entry.second.hook.empty()) continue;
    if (entry.second.hook == (wanted.empty() ? "input" : wanted)) return &entry;
    only = &entry;
    ++hooked;
  }
  return wanted.empty() && hooked == 1 ? only : nullptr;
}

}  // namespace

std::vector<Prefix> prefixes_of(const IpAddress& first, const IpAddress& last) {
  std::vector<Prefix> prefixes;
  Number low = as_number(first);
  const Number high = as_number(last);
  while (low <= high) {
    // The largest aligned block that begins here and does not go beyond the end.
    unsigned bits = 0;
    while (bits < 128) {
      const Number block = Number{1} << bits;  // one bit less than the next size
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

std::optional<FirewallLine> both(const FirewallLine& a, const FirewallLine& b) {
  FirewallLine line;
  line.action = b.action;
  line.comment = b.comment.empty() ? a.comment : b.comment;
  const bool possible = intersect(a.source, b.source, line.source) &&
                        intersect(a.destination, b.destination, line.destination) &&
                        intersect(a.source_port, b.source_port, line.source_port) &&
                        intersect(a.port, b.port, line.port) &&
                        intersect(a.protocol, b.protocol, line.protocol) &&
                        intersect(a.state, b.state, line.state);
  return possible ? std::optional(std::move(line)) : std::nullopt;
}

rules::Result<ImportedFirewall> import_firewall(std::string_view text, std::string_view chain) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && text[begin] == '{';
  const auto chains = json ? read_nftables(text) : read_iptables(text);
  if (!chains) return tl::unexpected(chains.error());
  const auto* chosen = choose(*chains, chain);
  std::string names;
  for (const auto& [name, one] : *chains) names += (names.empty() ? "" : ", ") + name;
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
  if (!Flattener(*chains, imported).add(chosen->second, {}, 0)) {
    return rules::config_error("too many lines once jumps are written out",
                               "do the chains jump in a circle?");
  }
  for (const auto& [name, one] : *chains) {
    if (!one.hook.empty() && name != chosen->first) imported.other_chains.push_back(name);
  }
  return imported;
}

}  // namespace brownout::codecs
