#include "rules/language/complete_names.h"

#include <initializer_list>
#include <string>
#include <unordered_set>

#include "rules/base/address.h"

namespace brownout::rules {
namespace {

const std::string* text_at(const Node& table, std::string_view key) {
  const Node* node = table.find(key);
  return node != nullptr ? node->string() : nullptr;
}

// Returns the name of the rule's preset or fault; empty if the table is too malformed to have one.
std::string name_of_rule(const Node& rule) {
  if (const auto* preset = text_at(rule, "preset")) return *preset;
  const Node* fault = rule.find("fault");
  const auto* type = fault != nullptr ? text_at(*fault, "type") : nullptr;
  return type != nullptr ? *type : "";
}

std::string name_of_listener(const Node& listener) {
  const auto* listen = text_at(listener, "listen");
  const auto* protocol = text_at(listener, "protocol");
  if (listen == nullptr) return "";
  const auto where = parse_listen(*listen);
  if (!where) return "";
  const auto place = where->is_unix() ? where->path.substr(where->path.rfind('/') + 1)
                                      : std::to_string(where->port);
  return (protocol != nullptr ? *protocol : "tcp") + "-" + place;
}

void complete(Node& document, std::string_view list, std::unordered_set<std::string>& taken,
              std::string (*name_of)(const Node&)) {
  for (auto& member : std::get<Node::Table>(document.value)) {
    auto* tables = std::get_if<Node::Array>(&member.node.value);
    if (member.key != list || tables == nullptr) continue;
    for (auto& table : *tables) {
      auto* keys = std::get_if<Node::Table>(&table.value);
      if (keys == nullptr || table.find("name") != nullptr) continue;
      const auto base = name_of(table);
      if (base.empty()) continue;
      auto name = base;
      for (int n = 2; !taken.insert(name).second; ++n) name = base + "-" + std::to_string(n);
      keys->push_back({"name", table.where, {name, table.where}});
    }
  }
}

std::unordered_set<std::string> names_in(const Node& document,
                                         std::initializer_list<std::string_view> lists) {
  std::unordered_set<std::string> names;
  for (const auto list : lists) {
    const Node* tables = document.find(list);
    if (tables == nullptr || tables->array() == nullptr) continue;
    for (const auto& table : *tables->array()) {
      if (const auto* name = text_at(table, "name")) names.insert(*name);
    }
  }
  return names;
}

}  // namespace

void complete_names(Node& document) {
  if (document.table() == nullptr) return;
  auto rules = names_in(document, {"firewall", "rule"});
  complete(document, "rule", rules, name_of_rule);
  auto listeners = names_in(document, {"listener"});
  complete(document, "listener", listeners, name_of_listener);
}

}  // namespace brownout::rules
