// Parses the output of iptables-save and ip6tables-save (iptables-save(8), iptables-extensions(8)).
#include <optional>
#include <sstream>

#include "proxy/formats/firewall_import.h"

namespace brownout::codecs {
namespace {

using rules::FirewallAction;
using rules::FirewallLine;
using rules::IpAddress;
using rules::IpFamily;
using rules::PacketState;
using rules::PortRange;
using rules::Prefix;
using rules::Transport;

// Splits a line into words. Text in quotes is one word and may contain backslash escapes.
std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  bool any = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      if (any) words.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) words.push_back(word);
  return words;
}

std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool add_prefix(const std::string& text, std::vector<Prefix>& into) {
  const auto prefix = rules::parse_prefix(text);
  if (prefix) into.push_back(*prefix);
  return prefix.has_value();
}

bool add_range(const std::string& text, std::vector<Prefix>& into) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) return false;
  const auto first = IpAddress::parse(std::string_view(text).substr(0, dash));
  const auto last = IpAddress::parse(std::string_view(text).substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  const auto prefixes = prefixes_of(*first, *last);
  into.insert(into.end(), prefixes.begin(), prefixes.end());
  return true;
}

// Parses "80", "8000:8999", and lists of these.
bool add_ports(const std::string& text, std::vector<PortRange>& into) {
  for (auto part : split_at(text, ',')) {
    const auto colon = part.find(':');
    if (colon != std::string::npos) part[colon] = '-';
    if (part.ends_with('-')) part += "65535";
    if (part.starts_with('-')) part = "0" + part;
    const auto range = rules::parse_port_range(part);
    if (!range) return false;
    into.push_back(*range);
  }
  return !into.empty();
}

class RuleReader {
 public:
  explicit RuleReader(const std::vector<std::string>& words) : words_(words) {}

  // Reads a rule, from the word after the chain's name.
  ImportedRule read(std::size_t from, const std::string& text) {
    rule_.text = text;
    for (at_ = from; at_ < words_.size() && rule_.why_not.empty(); ++at_) {
      negated_ = words_[at_] == "!" && at_ + 1 < words_.size();
      if (negated_) ++at_;
      read_option();
    }
    return std::move(rule_);
  }

 private:
  // Moves to the value of the current option and returns it.
  std::string value() { return at_ + 1 < words_.size() ? words_[++at_] : std::string(); }

  void need(bool good, const std::string& what) {
    if (!good) rule_.why_not = what;
  }

  void read_option() {
    const std::string option = words_[at_];
    if (read_condition(option)) return;
    if (option == "-p" || option == "--protocol") return read_protocol(value());
    if (option == "--ctstate" || option == "--state") return read_state(value());
    if (option == "--tcp-flags") {
      const auto mask = value();
      return read_tcp_flags(mask, value());
    }
    if (negated_) return need(false, "a [[firewall]] cannot express a negated " + option);
    if (option == "--comment") {
      rule_.line.comment = value();
      return;
    }
    if (option == "-m" || option == "--match") return read_module(value());
    if (option == "-j" || option == "--jump") return read_target(value());
    if (option == "-g" || option == "--goto") {
      rule_.verdict = ImportedRule::Verdict::kGoto;
      rule_.target = value();
      return;
    }
    if (option == "--reject-with" || option.starts_with("--log-")) {
      value();
      return;
    }
    need(false, option + " has no counterpart in a [[firewall]]");
  }

  // Reads a condition on addresses or ports. If the rule already has such a condition, both must
  // hold. Returns false for all other options.
  bool read_condition(const std::string& option) {
    FirewallLine part;
    bool good = false;
    if (option == "-s" || option == "--source") {
      good = add_prefix(value(), part.source);
    } else if (option == "-d" || option == "--destination") {
      good = add_prefix(value(), part.destination);
    } else if (option == "--src-range") {
      good = add_range(value(), part.source);
    } else if (option == "--dst-range") {
      good = add_range(value(), part.destination);
    } else if (option == "--sport" || option == "--sports" || option == "--source-port") {
      good = add_ports(value(), part.source_port);
    } else if (option == "--dport" || option == "--dports" || option == "--destination-port") {
      good = add_ports(value(), part.port);
    } else {
      return false;
    }
    need(good, option);
    if (good && negated_) negate(part);
    narrow(rule_, part);
    return true;
  }

  // Replaces the condition by its opposite. `part` must have only one condition.
  void negate(FirewallLine& part) {
    bool none = false;
    for (auto* prefixes : {&part.source, &part.destination}) {
      if (prefixes->empty()) continue;
      const bool v4 = prefixes->front().network.is_v4();
      *prefixes = prefixes_outside(std::move(*prefixes), v4 ? IpFamily::kIpv4 : IpFamily::kIpv6);
      // For IPv6, the other addresses include IPv4-mapped addresses. This does no harm, since an
      // IPv6 table never sees such packets.
      none |= prefixes->empty();
    }
    for (auto* ports : {&part.source_port, &part.port}) {
      if (ports->empty()) continue;
      *ports = ports_outside(std::move(*ports));
      none |= ports->empty();
    }
    rule_.never |= none;
  }

  void read_protocol(const std::string& name) {
    const bool tcp = name == "tcp" || name == "6";
    const bool udp = name == "udp" || name == "17";
    const bool all = name == "all" || name == "0";
    if (!tcp && !udp && !all && !negated_) {
      return need(false,
                  "Brownout proxies only TCP and UDP, and no packets of the protocol " + name);
    }
    const auto protocol =
        selected(tcp || all, udp || all, negated_, Transport::kTcp, Transport::kUdp, rule_);
    if (protocol) narrow(rule_, {.protocol = protocol});
  }

  void read_state(const std::string& list) {
    bool fresh = false;
    bool established = false;
    for (const auto& state : split_at(list, ',')) {
      fresh |= state == "NEW";
      established |= state == "ESTABLISHED";
    }
    need(fresh || established || negated_,
         "Brownout proxies no packets of the conntrack state " + list);
    const auto state =
        selected(fresh, established, negated_, PacketState::kNew, PacketState::kEstablished, rule_);
    if (state) narrow(rule_, {.state = state});
  }

  // Reads --tcp-flags. Only the flags that --syn means are imported: SYN without FIN, RST and ACK,
  // as in the first packet of a connection.
  void read_tcp_flags(const std::string& mask, const std::string& flags) {
    need(mask == "FIN,SYN,RST,ACK" && flags == "SYN", "--tcp-flags " + mask + " " + flags);
    narrow(rule_, {.protocol = Transport::kTcp,
                   .state = negated_ ? PacketState::kEstablished : PacketState::kNew});
  }

  // Accepts a match module (-m) if all of its options can be imported.
  void read_module(const std::string& name) {
    for (const auto* known :
         {"tcp", "udp", "multiport", "conntrack", "state", "comment", "iprange"}) {
      if (name == known) return;
    }
    need(false, "-m " + name + " has no counterpart in a [[firewall]]");
  }

  void read_target(const std::string& name) {
    rule_.verdict = ImportedRule::Verdict::kDecide;
    if (name == "ACCEPT") {
      rule_.line.action = FirewallAction::kAccept;
    } else if (name == "DROP") {
      rule_.line.action = FirewallAction::kDrop;
    } else if (name == "REJECT") {
      rule_.line.action = FirewallAction::kReject;
    } else if (name == "RETURN") {
      rule_.verdict = ImportedRule::Verdict::kReturn;
    } else if (name == "LOG") {
      rule_.verdict = ImportedRule::Verdict::kNone;
    } else {
      rule_.verdict = ImportedRule::Verdict::kJump;
      rule_.target = name;
    }
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  bool negated_ = false;
  ImportedRule rule_;
};

std::string hook_of(const std::string& chain) {
  if (chain == "INPUT") return "input";
  if (chain == "FORWARD") return "forward";
  return chain == "OUTPUT" ? "output" : "";
}

// Reads the lines of one file. The file may contain the output of both iptables-save and
// ip6tables-save, whose chains have the same names.
class TableReader {
 public:
  void read(const std::string& line) {
    if (line.starts_with("# Generated by ip6tables-save")) family_ = "ip6";
    if (line.starts_with("# Generated by iptables-save")) family_ = "ip";
    const auto words = split(line);
    if (words.empty() || words[0].starts_with('#')) return;
    if (words[0].starts_with('*')) return begin(words[0]);
    if (!filter_) return;
    if (words[0].starts_with(':')) {
      auto& chain = chain_of(words[0].substr(1));
      chain.hook = hook_of(words[0].substr(1));
      chain.family = family_;
      if (words.size() > 1 && words[1] == "DROP") chain.policy = FirewallAction::kDrop;
    } else if (words[0] == "-A" && words.size() > 1) {
      add(words, 1, line);
    } else if (words[0].starts_with('[') && words.size() > 2 && words[1] == "-A") {
      add(words, 2, line);  // a rule after its counters, as iptables-save -c writes it
    }
  }

  bool any() const { return any_; }
  ImportedChains take() { return std::move(chains_); }

 private:
  void begin(const std::string& table) {
    any_ = true;
    filter_ = table == "*filter";
    if (!filter_) return;
    // Chains of the first table "filter" keep their names. Chains of later tables get a prefix, so
    // that their names stay unique.
    ++filters_;
    const auto which = family_.empty() ? std::to_string(filters_) : family_;
    prefix_ = filters_ == 1 ? "" : which + " ";
  }

  ImportedChain& chain_of(const std::string& name) { return chains_[prefix_ + name]; }

  void add(const std::vector<std::string>& words, std::size_t chain, const std::string& line) {
    auto rule = RuleReader(words).read(chain + 1, line);
    if (!rule.target.empty()) rule.target = prefix_ + rule.target;
    // Leaving out a rule that no packet matches changes nothing.
    if (rule.never) rule.why_not.clear();
    chain_of(words[chain]).rules.push_back(std::move(rule));
  }

  ImportedChains chains_;
  std::string family_;
  std::string prefix_;
  int filters_ = 0;
  bool filter_ = false;
  bool any_ = false;
};

}  // namespace

rules::Result<ImportedChains> read_iptables(std::string_view text) {
  TableReader reader;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) reader.read(line);
  if (reader.any()) return reader.take();
  return rules::config_error("this is not the output of iptables-save: it has no table (*filter)",
                             "write it with: iptables-save > FILE, or nft -j list ruleset > FILE");
}

}  // namespace brownout::codecs
