// Imports the filter rules of a real firewall as a [[firewall]] table.
//
// Reads the output of `nft -j list ruleset` (libnftables-json(5)) and of iptables-save(8). A
// [[firewall]] is one flat list, so jumps are expanded: each line also gets the conditions of the
// jump. A packet may leave a chain early (return, goto). Then the rules that are evaluated next are
// expanded too: the rules after each jump that led to the chain, and the policy. A rule with a set
// of pairs or a verdict map becomes one rule for each element. A negation becomes the list of all
// other values.
//
// A condition that [[firewall]] does not have (interfaces, rates, other sets) never disappears
// silently: the whole rule is left out and listed with the reason. Accepts any bytes; no I/O.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/result.h"
#include "rules/firewall/firewall.h"

namespace brownout::codecs {

// One rule of a real firewall's chain, after parsing.
struct ImportedRule {
  enum class Verdict { kDecide, kJump, kGoto, kReturn, kNone };
  std::string text;  // the rule's original text
  rules::FirewallLine line;
  Verdict verdict = Verdict::kNone;
  std::string target;  // name of the chain that a jump or goto leads to
  // Whether no packet can match, since the rule's conditions exclude each other.
  bool never = false;
  std::string why_not;  // why the rule cannot be imported; "" if it can
  // Whether a proxy never sees the rule's packets; the rule is then not imported.
  bool unseen = false;
};

struct ImportedChain {
  std::string hook;    // "input", "forward" or "output"; empty if only jumps lead to the chain
  std::string family;  // "inet", "ip" or "ip6"; empty if unknown
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
  std::vector<std::string> other_chains;  // names of the chains with a hook that were not imported
};

rules::Result<ImportedChains> read_nftables(std::string_view json);
rules::Result<ImportedChains> read_iptables(std::string_view text);

// Detects the format and imports one chain, selected by name or hook. If `chain` is empty, selects
// the input chain, or else the only chain with a hook. If several chains fit, prefers a chain for
// both address families, then a chain for IPv4.
rules::Result<ImportedFirewall> import_firewall(std::string_view text, std::string_view chain);

// Adds a condition to a rule, which then matches only packets that `part` matches too.
void narrow(ImportedRule& rule, const rules::FirewallLine& part);
// Returns a line for the packets that match both lines; nothing if no packet can match both.
std::optional<rules::FirewallLine> both(const rules::FirewallLine& a, const rules::FirewallLine& b);
// Evaluates a condition on a field with two possible values, `a` and `b`. `first` and `second` say
// whether the condition names `a` and `b`.
//
// Returns the one selected value. Returns nothing if the condition selects both, or neither; a
// negation that selects neither also sets `never`.
template <class T>
std::optional<T> selected(bool first, bool second, bool negated, const T& a, const T& b,
                          ImportedRule& rule) {
  if (first != second) return first != negated ? a : b;
  rule.never |= negated && first;
  return std::nullopt;
}
// Returns the smallest list of prefixes that covers exactly first..last.
std::vector<rules::Prefix> prefixes_of(const rules::IpAddress& first, const rules::IpAddress& last);
// Both functions return the complement of a list: all other addresses of the family, or all other
// ports. For IPv6, the other addresses include the IPv4-mapped addresses.
std::vector<rules::Prefix> prefixes_outside(std::vector<rules::Prefix> prefixes,
                                            rules::IpFamily family);
std::vector<rules::PortRange> ports_outside(std::vector<rules::PortRange> ports);

}  // namespace brownout::codecs
