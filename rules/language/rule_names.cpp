#include "rules/language/rule_names.h"

#include <unordered_set>

namespace brownout::rules {
namespace {

const std::string* text_at(const Node& table, std::string_view key) {
  const Node* node = table.find(key);
  return node != nullptr ? node->string() : nullptr;
}

// Returns "" if the rule is too broken to have a kind; the reader reports the error.
std::string kind_of(const Node& rule) {
  if (const auto* preset = text_at(rule, "preset")) return *preset;
  const Node* fault = rule.find("fault");
  const auto* type = fault != nullptr ? text_at(*fault, "type") : nullptr;
  return type != nullptr ? *type : "";
}

}  // namespace

void name_rules(Node& document) {
  auto* keys = std::get_if<Node::Table>(&document.value);
  if (keys == nullptr) return;
  std::unordered_set<std::string> taken;
  for (const auto* list : {"firewall", "rule"}) {
    const Node* tables = document.find(list);
    if (tables == nullptr || tables->array() == nullptr) continue;
    for (const auto& table : *tables->array()) {
      if (const auto* name = text_at(table, "name")) taken.insert(*name);
    }
  }
  for (auto& member : *keys) {
    auto* rules = std::get_if<Node::Array>(&member.node.value);
    if (member.key != "rule" || rules == nullptr) continue;
    for (auto& rule : *rules) {
      auto* own = std::get_if<Node::Table>(&rule.value);
      const auto kind = kind_of(rule);
      if (own == nullptr || kind.empty() || rule.find("name") != nullptr) continue;
      auto name = kind;
      for (int n = 2; !taken.insert(name).second; ++n) name = kind + "-" + std::to_string(n);
      own->push_back({"name", rule.where, {name, rule.where}});
    }
  }
}

}  // namespace brownout::rules
