// `nft -j list ruleset`, libnftables-json(5).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/codecs/firewall_import.h"

namespace brownout::codecs {
namespace {

using Json = nlohmann::json;
using rules::FirewallAction;
using rules::IpAddress;
using rules::PacketState;
using rules::PortRange;
using rules::Prefix;
using rules::Transport;

constexpr int kDeepestSet = 4;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A ruleset is not nested deeply; printing what is would exhaust the stack.
constexpr int kDeepest = 100;

int depth_of(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

class Reader {
 public:
  rules::Result<ImportedChains> read(const Json& document) {
    const auto list = document.find("nftables");
    if (list == document.end() || !list->is_array()) {
      return rules::config_error("this JSON has no \"nftables\" array",
                                 "it is written by: nft -j list ruleset");
    }
    for (const auto& item : *list) {
      if (item.contains("set") && item["set"].is_object()) add_set(item["set"]);
      if (item.contains("chain") && item["chain"].is_object()) add_chain(item["chain"]);
    }
    for (const auto& item : *list) {
      if (item.contains("rule") && item["rule"].is_object()) add_rule(item["rule"]);
    }
    return std::move(chains_);
  }

 private:
  static std::string name_of(const Json& object, const char* key) {
    return text_at(object, "table") + "/" + text_at(object, key);
  }

  void add_set(const Json& set) {
    const auto elements = set.find("elem");
    sets_["@" + name_of(set, "name")] = elements != set.end() ? *elements : Json::array();
  }

  void add_chain(const Json& chain) {
    auto& one = chains_[name_of(chain, "name")];
    if (text_at(chain, "type") == "filter") one.hook = text_at(chain, "hook");
    if (text_at(chain, "policy") == "drop") one.policy = FirewallAction::kDrop;
  }

  void add_rule(const Json& object) {
    ImportedRule rule;
    rule.line.comment = text_at(object, "comment");
    table_ = text_at(object, "table");
    const auto statements = object.find("expr");
    if (statements != object.end() && statements->is_array()) {
      rule.text = name_of(object, "chain") + ": " + statements->dump();
      for (const auto& statement : *statements) {
        if (rule.why_not.empty()) read_statement(statement, rule);
      }
    }
    chains_[name_of(object, "chain")].rules.push_back(std::move(rule));
  }

  void read_statement(const Json& statement, ImportedRule& rule) {
    if (!statement.is_object() || statement.size() != 1) {
      rule.why_not = "a statement that is no object";
      return;
    }
    const auto& name = statement.begin().key();
    const auto& value = statement.begin().value();
    const auto decide = [&](FirewallAction action) {
      rule.verdict = ImportedRule::Verdict::kDecide;
      rule.line.action = action;
    };
    if (name == "accept") return decide(FirewallAction::kAccept);
    if (name == "drop") return decide(FirewallAction::kDrop);
    if (name == "reject") return decide(FirewallAction::kReject);
    if (name == "counter" || name == "log" || name == "comment") return;
    if (name == "return") {
      rule.verdict = ImportedRule::Verdict::kReturn;
      return;
    }
    if ((name == "jump" || name == "goto") && value.is_object()) {
      rule.verdict = name == "jump" ? ImportedRule::Verdict::kJump : ImportedRule::Verdict::kGoto;
      rule.target = table_ + "/" + text_at(value, "target");
      return;
    }
    if (name == "match" && value.is_object()) return read_match(value, rule);
    rule.why_not = name + " has no counterpart";
  }

  void read_match(const Json& match, ImportedRule& rule) {
    const auto op = text_at(match, "op");
    if ((op != "==" && op != "in") || !match.contains("left") || !match.contains("right")) {
      rule.why_not = "a match by " + (op.empty() ? "?" : op);
      return;
    }
    const auto& left = match["left"];
    const auto& right = match["right"];
    if (left.is_object() && left.contains("payload")) {
      return read_payload(left["payload"], right, rule);
    }
    if (left.is_object() && left.contains("ct") && text_at(left["ct"], "key") == "state") {
      return read_state(right, rule);
    }
    if (left.is_object() && left.contains("meta") && text_at(left["meta"], "key") == "l4proto") {
      return read_protocol(right, rule);
    }
    rule.why_not = "a match on " + left.dump();
  }

  void read_payload(const Json& payload, const Json& right, ImportedRule& rule) {
    const auto protocol = text_at(payload, "protocol");
    const auto field = text_at(payload, "field");
    const bool address = protocol == "ip" || protocol == "ip6";
    bool good = false;
    if (address && field == "saddr") {
      good = read_addresses(right, rule.line.source, 0);
    } else if (address && field == "daddr") {
      good = read_addresses(right, rule.line.destination, 0);
    } else if (protocol == "ip" && field == "protocol") {
      return read_protocol(right, rule);
    } else if (protocol == "tcp" || protocol == "udp" || protocol == "th") {
      if (protocol != "th")
        rule.line.protocol = protocol == "tcp" ? Transport::kTcp : Transport::kUdp;
      if (field == "sport") good = read_ports(right, rule.line.source_port, 0);
      if (field == "dport") good = read_ports(right, rule.line.port, 0);
    }
    if (!good) rule.why_not = protocol + " " + field + " " + right.dump();
  }

  // Calls read(element) for a value, a set, or the elements of a named set. False when one fails,
  // or there is none: nothing would be matched, but an empty list matches all.
  template <class Read>
  bool each(const Json& value, int depth, Read read) {
    if (depth > kDeepestSet) return false;
    if (value.is_string() && value.get<std::string>().starts_with('@')) {
      const auto set = sets_.find("@" + table_ + "/" + value.get<std::string>().substr(1));
      return set != sets_.end() && each(set->second, depth + 1, read);
    }
    const Json* list = &value;
    if (value.is_object() && value.contains("set")) list = &value["set"];
    if (!list->is_array()) return read(*list);
    for (const auto& one : *list) {
      if (!each(one, depth + 1, read)) return false;
    }
    return !list->empty();
  }

  bool read_addresses(const Json& value, std::vector<Prefix>& into, int depth) {
    return each(value, depth, [&](const Json& one) {
      if (one.is_string()) {
        const auto prefix = rules::parse_prefix(one.get<std::string>());
        if (prefix) into.push_back(*prefix);
        return prefix.has_value();
      }
      if (one.is_object() && one.contains("prefix")) {
        const auto& prefix = one["prefix"];
        if (!prefix.is_object() || !prefix.contains("len") || !prefix["len"].is_number_integer()) {
          return false;
        }
        const auto parsed =
            rules::parse_prefix(text_at(prefix, "addr") + "/" + prefix["len"].dump());
        if (parsed) into.push_back(*parsed);
        return parsed.has_value();
      }
      return read_range(one, into);
    });
  }

  static bool read_range(const Json& value, std::vector<Prefix>& into) {
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

  bool read_ports(const Json& value, std::vector<PortRange>& into, int depth) {
    const auto as_text = [](const Json& one) {
      return one.is_string() ? one.get<std::string>() : one.dump();
    };
    return each(value, depth, [&](const Json& one) {
      std::string text = as_text(one);
      if (one.is_object()) {
        const auto range = one.find("range");
        if (range == one.end() || !range->is_array() || range->size() != 2) return false;
        text = as_text((*range)[0]) + "-" + as_text((*range)[1]);
      }
      const auto range = rules::parse_port_range(text);
      if (range) into.push_back(*range);
      return range.has_value();
    });
  }

  void read_state(const Json& value, ImportedRule& rule) {
    bool fresh = false;
    bool established = false;
    const bool good = each(value, 0, [&](const Json& one) {
      fresh |= one == "new";
      established |= one == "established";
      return one == "new" || one == "established" || one == "related" || one == "invalid" ||
             one == "untracked";
    });
    if (!good) rule.why_not = "ct state " + value.dump();
    if (!fresh && !established)
      rule.why_not = "a proxy sees no packets of the state " + value.dump();
    if (fresh != established)
      rule.line.state = fresh ? PacketState::kNew : PacketState::kEstablished;
  }

  void read_protocol(const Json& value, ImportedRule& rule) {
    bool tcp = false;
    bool udp = false;
    each(value, 0, [&](const Json& one) {
      tcp |= one == "tcp" || one == 6;
      udp |= one == "udp" || one == 17;
      return true;
    });
    if (!tcp && !udp) rule.why_not = "a proxy sees no packets of the protocol " + value.dump();
    if (tcp != udp) rule.line.protocol = tcp ? Transport::kTcp : Transport::kUdp;
  }

  ImportedChains chains_;
  std::map<std::string, Json> sets_;
  std::string table_;
};

}  // namespace

rules::Result<ImportedChains> read_nftables(std::string_view text) {
  if (depth_of(text) > kDeepest) return rules::config_error("this JSON is nested too deeply", "");
  const auto document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    return rules::config_error("this begins like JSON and is none",
                               "it is written by: nft -j list ruleset");
  }
  return Reader().read(document);
}

}  // namespace brownout::codecs
