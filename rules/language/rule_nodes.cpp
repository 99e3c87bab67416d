#include "rules/language/rule_nodes.h"

#include <algorithm>

#include "rules/language/load_toml.h"

namespace brownout::rules {
namespace {

// Gives all nodes of a preset the position at which the rule names it, for error messages.
void set_position(Node& node, Position where) {
  node.where = where;
  if (auto* list = std::get_if<Node::Array>(&node.value)) {
    for (auto& element : *list) set_position(element, where);
  }
  if (auto* members = std::get_if<Node::Table>(&node.value)) {
    for (auto& member : *members) {
      member.where = where;
      set_position(member.node, where);
    }
  }
}

// Adds those members of `more` that `node` lacks. The members of `match` are merged in the same
// way.
void add_missing(Node& node, const Node& more) {
  auto* own = std::get_if<Node::Table>(&node.value);
  if (own == nullptr) return;
  for (const auto& member : *more.table()) {
    const auto same = std::find_if(own->begin(), own->end(),
                                   [&](const Member& known) { return known.key == member.key; });
    if (same == own->end()) {
      own->push_back(member);
    } else if (member.key == "match") {
      add_missing(same->node, member.node);
    }
  }
}

}  // namespace

Node with_fault(const Node& rule, const Node& keys) {
  Node changed = rule;
  auto& table = std::get<Node::Table>(changed.value);
  for (auto& member : table) {
    if (member.key != "fault" || member.node.table() == nullptr || keys.table() == nullptr)
      continue;
    auto& fault = std::get<Node::Table>(member.node.value);
    for (const auto& key : *keys.table()) {
      std::erase_if(fault, [&](const Member& old) { return old.key == key.key; });
      fault.push_back(key);
    }
  }
  return changed;
}

Node with_keys_of(const RulePreset& preset, const Node& rule, Position where) {
  auto keys = parse_toml(preset.keys).value();
  set_position(keys, where);
  Node whole = rule;
  std::erase_if(std::get<Node::Table>(whole.value),
                [](const Member& member) { return member.key == "preset"; });
  add_missing(whole, keys);
  return whole;
}

}  // namespace brownout::rules
