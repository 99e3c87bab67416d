// Parses the output of `nft -j list ruleset` (libnftables-json(5)).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/formats/firewall_import.h"
#include "proxy/formats/nftables_match.h"
#include "rules/base/valid_text.h"

namespace brownout::codecs {
namespace {

using Json = nlohmann::json;
using rules::FirewallAction;
using rules::IpFamily;
using rules::Transport;

// Limit of rules that one rule may become, since each element of its sets and maps makes a rule.
constexpr std::size_t kMostAlternatives = 20'000;
constexpr std::size_t kMostText = 300;  // longest text of a rule in a message

// Limit of nesting. Real rulesets are not deep, and printing a deep document would exhaust the
// stack.
constexpr int kDeepestRuleset = 100;

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

class RulesetReader {
 public:
  rules::Result<ImportedChains> read(const Json& document) {
    const auto list = document.find("nftables");
    if (list == document.end() || !list->is_array()) {
      return rules::config_error("this JSON has no \"nftables\" array",
                                 "write it with: nft -j list ruleset > FILE");
    }
    for (const auto& item : *list) {
      for (const auto* kind : {"set", "map"}) {
        if (has(item, kind)) add_set(item[kind]);
      }
      if (has(item, "chain")) add_chain(item["chain"]);
    }
    for (const auto& item : *list) {
      if (has(item, "rule")) add_rule(item["rule"]);
    }
    return std::move(chains_);
  }

 private:
  // Whether an nftables object belongs to a table for IP. Tables of the families bridge, arp and
  // netdev are skipped: their rules match link-layer frames, which a proxy never sees. The name of
  // a table alone does not tell, since tables of several families may have the same name.
  static bool is_of_ip(const Json& object) {
    const auto family = nft_text(object, "family");
    return family.empty() || family == "inet" || family == "ip" || family == "ip6";
  }

  static bool has(const Json& item, const char* what) {
    return item.contains(what) && item[what].is_object() && is_of_ip(item[what]);
  }

  static std::string table_of(const Json& object) {
    const auto family = nft_text(object, "family");
    const bool both = family.empty() || family == "inet";
    return (both ? "" : family + " ") + nft_text(object, "table");
  }

  static std::string name_of(const Json& object, const char* key) {
    return table_of(object) + "/" + nft_text(object, key);
  }

  void add_set(const Json& set) {
    const auto elements = set.find("elem");
    sets_["@" + name_of(set, "name")] = elements != set.end() ? *elements : Json::array();
  }

  void add_chain(const Json& chain) {
    auto& added = chains_[name_of(chain, "name")];
    added.family = nft_text(chain, "family");
    if (nft_text(chain, "type") == "filter") added.hook = nft_text(chain, "hook");
    if (nft_text(chain, "policy") == "drop") added.policy = FirewallAction::kDrop;
  }

  void add_rule(const Json& object) {
    ImportedRule rule;
    rule.line.comment = nft_text(object, "comment");
    table_ = table_of(object);
    std::vector<ImportedRule> alternatives;
    const auto statements = object.find("expr");
    if (statements != object.end() && statements->is_array()) {
      rule.text = name_of(object, "chain") + ": " + statements->dump();
      alternatives.push_back(std::move(rule));
      for (const auto& statement : *statements) alternatives = apply(statement, alternatives);
    }
    auto& rules = chains_[name_of(object, "chain")].rules;
    for (auto& alternative : alternatives) {
      // Does not report a rule that no packet matches, since leaving it out changes nothing.
      if (alternative.never) alternative.why_not.clear();
      rules.push_back(std::move(alternative));
    }
  }

  // Applies the next statement of an nftables rule to each of `rules`. A set of pairs or a verdict
  // map makes several rules of one rule. No packet matches two of these rules, so their order does
  // not matter.
  std::vector<ImportedRule> apply(const Json& statement, std::vector<ImportedRule>& rules) const {
    std::vector<ImportedRule> result;
    for (auto& rule : rules) {
      if (!rule.why_not.empty() || rule.never) {
        result.push_back(std::move(rule));
      } else if (statement.is_object() && statement.contains("vmap")) {
        split_by_verdict(statement["vmap"], rule, result);
      } else if (is_of_pairs(statement)) {
        split_by_pair(statement["match"], rule, result);
      } else {
        read_statement(statement, rule);
        result.push_back(std::move(rule));
      }
      if (result.size() > kMostAlternatives) {
        result.resize(1);
        result.front().why_not = "its sets and maps expand to more than 20000 rules";
        break;
      }
    }
    return result;
  }

  static bool is_of_pairs(const Json& statement) {
    return statement.is_object() && statement.contains("match") && statement["match"].is_object() &&
           nft_text(statement["match"], "op") == "==" && statement["match"].contains("left") &&
           statement["match"].contains("right") && is_concat(statement["match"]["left"]);
  }

  static bool is_concat(const Json& value) {
    return value.is_object() && value.contains("concat") && value["concat"].is_array();
  }

  // Makes one rule of each pair in a set, such as `{ 10.0.0.1 . 22, 10.0.0.2 . 80-90 }`.
  void split_by_pair(const Json& match, const ImportedRule& rule,
                     std::vector<ImportedRule>& into) const {
    const NftConditions conditions(sets_, table_);
    const auto* elements = conditions.elements(match["right"]);
    const auto list = elements != nullptr ? *elements : Json::array({match["right"]});
    split(list, rule, into, [&](const Json& element, ImportedRule& part) {
      read_key(match["left"], element, part);
      return part.why_not.empty() || part.unseen;
    });
  }

  // Makes one rule of each element of a verdict map, such as `{ 22 : accept, 80 : jump web }`.
  void split_by_verdict(const Json& map, const ImportedRule& rule,
                        std::vector<ImportedRule>& into) const {
    const NftConditions conditions(sets_, table_);
    const bool whole = map.is_object() && map.contains("key") && map.contains("data");
    const auto* elements = whole ? conditions.elements(map["data"]) : nullptr;
    split(elements != nullptr ? *elements : Json(), rule, into,
          [&](const Json& element, ImportedRule& part) {
            if (!element.is_array() || element.size() != 2) return false;
            read_key(map["key"], element[0], part);
            if (!part.why_not.empty()) return part.unseen;
            read_statement(element[1], part);
            return true;
          });
  }

  // Makes a rule of each element by read(element, rule). If read() returns false for an element,
  // leaves out the whole original rule. Skips elements whose packets a proxy never sees.
  template <class Read>
  static void split(const Json& elements, const ImportedRule& rule, std::vector<ImportedRule>& into,
                    Read read) {
    const auto begin = into.size();
    const auto leave_out = [&](const std::string& why) {
      into.resize(begin);
      into.push_back(rule);
      into.back().why_not = why;
    };
    if (!elements.is_array() || elements.empty()) {
      return leave_out("it uses a set or map that is empty or missing in the ruleset");
    }
    std::string unseen;
    auto shorter = rule;
    shorter.text = rules::shortened(rule.text, kMostText);
    for (const auto& element : elements) {
      auto part = shorter;
      if (!read(element, part)) {
        return leave_out(part.why_not.empty() ? "a map has an element that cannot be imported"
                                              : part.why_not);
      }
      if (part.unseen) {
        unseen = part.why_not;
      } else {
        into.push_back(std::move(part));
      }
      // Stops early. The caller then reports that there are too many rules.
      if (into.size() > kMostAlternatives) return;
    }
    if (into.size() == begin) leave_out(unseen);
  }

  // Reads an element's key: one value, or one value for each part of a concatenation.
  void read_key(const Json& key, const Json& value, ImportedRule& rule) const {
    const NftConditions conditions(sets_, table_);
    const auto& bare = nft_element(value);
    if (!is_concat(key)) return conditions.read(key, false, bare, rule);
    const auto& keys = key["concat"];
    if (!is_concat(bare) || bare["concat"].size() != keys.size()) {
      rule.why_not = "an element " + rules::shortened(bare.dump(), kMostText);
      return;
    }
    for (std::size_t i = 0; i < keys.size() && rule.why_not.empty(); ++i) {
      conditions.read(keys[i], false, bare["concat"][i], rule);
    }
  }

  void read_statement(const Json& statement, ImportedRule& rule) const {
    if (!statement.is_object() || statement.size() != 1) {
      rule.why_not =
          "it has a statement that is not a JSON object with one member, as `nft -j` prints it";
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
    if (name == "reject") {
      decide(FirewallAction::kReject);
      return narrow_by_answer(nft_text(value, "type"), rule);
    }
    if (name == "counter" || name == "log" || name == "comment" || name == "continue") return;
    if (name == "return") {
      rule.verdict = ImportedRule::Verdict::kReturn;
      return;
    }
    if ((name == "jump" || name == "goto") && value.is_object()) {
      rule.verdict = name == "jump" ? ImportedRule::Verdict::kJump : ImportedRule::Verdict::kGoto;
      rule.target = table_ + "/" + nft_text(value, "target");
      return;
    }
    if (name == "match" && value.is_object()) return read_match(value, rule);
    rule.why_not = name + " has no counterpart in a [[firewall]]";
  }

  // Adds the condition that the type of a reject implies, such as protocol TCP for "tcp reset". nft
  // does not list this condition.
  void narrow_by_answer(const std::string& type, ImportedRule& rule) const {
    const bool both_families = !table_.starts_with("ip ") && !table_.starts_with("ip6 ");
    if (type == "tcp reset") narrow(rule, {.protocol = Transport::kTcp});
    if (type == "icmp" && both_families) narrow(rule, {.family = IpFamily::kIpv4});
    if (type == "icmpv6" && both_families) narrow(rule, {.family = IpFamily::kIpv6});
  }

  void read_match(const Json& match, ImportedRule& rule) const {
    const auto op = nft_text(match, "op");
    const bool negated = op == "!=";
    if ((op != "==" && op != "in" && !negated) || !match.contains("left") ||
        !match.contains("right")) {
      rule.why_not = "a match by " + (op.empty() ? "?" : op);
      return;
    }
    NftConditions(sets_, table_).read(match["left"], negated, match["right"], rule);
  }

  ImportedChains chains_;
  NftSets sets_;
  std::string table_;
};

}  // namespace

rules::Result<ImportedChains> read_nftables(std::string_view text) {
  if (depth_of(text) > kDeepestRuleset)
    return rules::config_error("this JSON is nested more than 100 levels deep",
                               "write it with: nft -j list ruleset > FILE");
  const auto document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    return rules::config_error("this begins like JSON but is not valid JSON",
                               "write it with: nft -j list ruleset > FILE");
  }
  return RulesetReader().read(document);
}

}  // namespace brownout::codecs
