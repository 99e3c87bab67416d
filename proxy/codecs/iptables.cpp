// The output of iptables-save and ip6tables-save (iptables-save(8), iptables-extensions(8)).
#include <optional>
#include <sstream>

#include "proxy/codecs/firewall_import.h"

namespace brownout::codecs {
namespace {

using rules::FirewallAction;
using rules::IpAddress;
using rules::PacketState;
using rules::PortRange;
using rules::Prefix;
using rules::Transport;

// Words of a line; "a quoted \" one" is one word.
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

// "80", "8000:8999", and lists of them.
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

  // From the word behind the chain's name.
  ImportedRule read(std::size_t from, const std::string& text) {
    rule_.text = text;
    for (at_ = from; at_ < words_.size() && rule_.why_not.empty(); ++at_) read_option();
    return std::move(rule_);
  }

 private:
  // Of the option that stands here.
  std::string value() { return at_ + 1 < words_.size() ? words_[++at_] : std::string(); }

  void need(bool good, const std::string& what) {
    if (!good) rule_.why_not = what;
  }

  void read_option() {
    const std::string option = words_[at_];
    auto& line = rule_.line;
    if (option == "!") return need(false, "a negation");
    if (option == "-s" || option == "--source") {
      return need(add_prefix(value(), line.source), option);
    }
    if (option == "-d" || option == "--destination") {
      return need(add_prefix(value(), line.destination), option);
    }
    if (option == "--src-range") return need(add_range(value(), line.source), option);
    if (option == "--dst-range") return need(add_range(value(), line.destination), option);
    if (option == "--sport" || option == "--sports" || option == "--source-port") {
      return need(add_ports(value(), line.source_port), option);
    }
    if (option == "--dport" || option == "--dports" || option == "--destination-port") {
      return need(add_ports(value(), line.port), option);
    }
    if (option == "-p" || option == "--protocol") return read_protocol(value());
    if (option == "--ctstate" || option == "--state") return read_state(value());
    if (option == "--comment") {
      line.comment = value();
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
    need(false, option + " has no counterpart");
  }

  void read_protocol(const std::string& name) {
    if (name == "tcp" || name == "6") {
      rule_.line.protocol = Transport::kTcp;
    } else if (name == "udp" || name == "17") {
      rule_.line.protocol = Transport::kUdp;
    } else {
      need(name == "all" || name == "0", "a proxy sees no packets of the protocol " + name);
    }
  }

  void read_state(const std::string& list) {
    bool fresh = false;
    bool established = false;
    for (const auto& state : split_at(list, ',')) {
      fresh |= state == "NEW";
      established |= state == "ESTABLISHED";
    }
    need(fresh || established, "a proxy sees no packets of the state " + list);
    if (fresh != established) {
      rule_.line.state = fresh ? PacketState::kNew : PacketState::kEstablished;
    }
  }

  // Modules that only bring options which are read above.
  void read_module(const std::string& name) {
    for (const auto* known :
         {"tcp", "udp", "multiport", "conntrack", "state", "comment", "iprange"}) {
      if (name == known) return;
    }
    need(false, "-m " + name + " has no counterpart");
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
  ImportedRule rule_;
};

std::string hook_of(const std::string& chain) {
  if (chain == "INPUT") return "input";
  if (chain == "FORWARD") return "forward";
  return chain == "OUTPUT" ? "output" : "";
}

}  // namespace

rules::Result<ImportedChains> read_iptables(std::string_view text) {
  ImportedChains chains;
  std::istringstream lines{std::string(text)};
  bool filter = false;
  bool any_table = false;
  for (std::string line; std::getline(lines, line);) {
    const auto words = split(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words[0].starts_with('*')) {
      filter = words[0] == "*filter";
      any_table = true;
    } else if (filter && words[0].starts_with(':')) {
      const auto name = words[0].substr(1);
      auto& chain = chains[name];
      chain.hook = hook_of(name);
      if (words.size() > 1 && words[1] == "DROP") chain.policy = FirewallAction::kDrop;
    } else if (filter && words[0] == "-A" && words.size() > 1) {
      chains[words[1]].rules.push_back(RuleReader(words).read(2, line));
    } else if (filter && words[0].starts_with('[') && words.size() > 2 && words[1] == "-A") {
      // With counters (iptables-save -c).
      chains[words[2]].rules.push_back(RuleReader(words).read(3, line));
    }
  }
  if (any_table) return chains;
  return rules::config_error("this is no output of iptables-save: it has no table (*filter)",
                             "write it with: iptables-save > FILE, or nft -j list ruleset > FILE");
}

}  // namespace brownout::codecs
