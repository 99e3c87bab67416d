// The filter rules of a real firewall as a [[firewall]] list.
//
// Reads `nft -j list ruleset` (libnftables-json(5)) and the output of iptables-save(8). Jumps are
// written out, with the conditions of the jump added to every line. What has no counterpart
// (interfaces, rates, negations, sets of other things) is never dropped silently: the whole rule is
// left out and listed with the reason. Pure; any bytes are taken.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/firewall.h"
#include "rules/result.h"

namespace brownout::codecs {

// One rule as it was read.
struct ImportedRule {
  enum class Verdict { kDecide, kJump, kGoto, kReturn, kNone };
  std::string text;  // as a person would recognise it
  rules::FirewallLine line;
  Verdict verdict = Verdict::kNone;
  std::string target;   // of a jump
  std::string why_not;  // why it cannot be imported; empty if it can
};

struct ImportedChain {
  std::string hook;  // "input", "forward", "output"; empty: only jumped to
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
// only one with a hook).
rules::Result<ImportedFirewall> import_firewall(std::string_view text, std::string_view chain);

// All that match both; none when nothing can.
std::optional<rules::FirewallLine> both(const rules::FirewallLine& a, const rules::FirewallLine& b);
// The fewest prefixes that cover first..last and nothing else.
std::vector<rules::Prefix> prefixes_of(const rules::IpAddress& first, const rules::IpAddress& last);

}  // namespace brownout::codecs
