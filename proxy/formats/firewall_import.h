// The filter rules of a real firewall as a [[firewall]] list.
//
// Reads `nft -j list ruleset` (libnftables-json(5)) and the output of iptables-save(8). Jumps are
// written out, with the conditions of the jump added to every line. Where a packet leaves a chain
// before its end (return, goto), what it meets from there on is written out for its condition, too:
// the rules behind the last jump, those behind the jump before, the policy. A rule with a set of
// pairs or a verdict map is one for each element; a negation is all others. What has no counterpart
// (interfaces, rates, sets of other things) is never dropped silently: the whole rule is left out
// and listed with the reason. Pure; any bytes are taken.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/result.h"
#include "rules/firewall/firewall.h"

namespace brownout::codecs {

// One rule as it was read.
struct ImportedRule {
  enum class Verdict { kDecide, kJump, kGoto, kReturn, kNone };
  std::string text;  // as a person would recognise it
  rules::FirewallLine line;
  Verdict verdict = Verdict::kNone;
  std::string target;   // of a jump
  bool never = false;   // its conditions exclude each other
  std::string why_not;  // why it cannot be imported; empty if it can
  bool unseen = false;  // that is since no such packet comes to a proxy
};

struct ImportedChain {
  std::string hook;    // "input", "forward", "output"; empty: only jumped to
  std::string family;  // "inet", "ip", "ip6"; empty: not known
  rules::FirewallAction policy = rules::FirewallAction::kAccept;
  std::vector<ImportedRule> rules;
};
using ImportedChains = std::map<std::string, ImportedChain>;

struct LeftOut {
  std::string text;
  std::string why;
};
struct ImportedFirewall {
  rules::Firewall firewall;
  std::vector<LeftOut> left_out;
  std::vector<std::string> other_chains;  // that have a hook and were not asked for
};

rules::Result<ImportedChains> read_nftables(std::string_view json);
rules::Result<ImportedChains> read_iptables(std::string_view text);

// Either of them, by what it looks like; the chain of this name or hook ("" is input, or else the
// only one with a hook). Of several, one of a table for both families is chosen first, then IPv4's.
rules::Result<ImportedFirewall> import_firewall(std::string_view text, std::string_view chain);

// One more condition of the rule: its packets are in `part`, too.
void narrow(ImportedRule& rule, const rules::FirewallLine& part);
// All that match both; none when nothing can.
std::optional<rules::FirewallLine> both(const rules::FirewallLine& a, const rules::FirewallLine& b);
// Of two values that packets can have: the one that a condition selects which names the first, the
// second, both or neither of them, and may be negated. None where it selects both; where it selects
// neither by a negation, the rule never matches.
template <class T>
std::optional<T> selected(bool first, bool second, bool negated, const T& a, const T& b,
                          ImportedRule& rule) {
  if (first != second) return first != negated ? a : b;
  rule.never |= negated && first;
  return std::nullopt;
}
// The fewest prefixes that cover first..last and nothing else.
std::vector<rules::Prefix> prefixes_of(const rules::IpAddress& first, const rules::IpAddress& last);
// All others: of that family, of IPv6 with the mapped addresses of IPv4; of all ports.
std::vector<rules::Prefix> prefixes_outside(std::vector<rules::Prefix> prefixes,
                                            rules::IpFamily family);
std::vector<rules::PortRange> ports_outside(std::vector<rules::PortRange> ports);

}  // namespace brownout::codecs
