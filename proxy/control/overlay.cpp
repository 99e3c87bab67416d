#include "proxy/control/overlay.h"

#include <algorithm>
#include <map>

namespace brownout::proxy {
namespace {

using rules::Node;

constexpr std::size_t kMostNamesShown = 20;

// Returns the array that the document has for a key such as "rule". Adds an empty array if the key
// is absent. Returns null if the value is not an array.
Node::Array* list_of(Node& document, std::string_view kind) {
  auto* keys = std::get_if<Node::Table>(&document.value);
  if (keys == nullptr) return nullptr;
  for (auto& member : *keys) {
    if (member.key == kind) return std::get_if<Node::Array>(&member.node.value);
  }
  keys->push_back({std::string(kind), {}, {Node::Array{}}});
  return std::get_if<Node::Array>(&keys->back().node.value);
}

// Whether two tables have the same meaning. `enabled = true` is the default, so it may be absent.
bool says_the_same(Node left, Node right) {
  for (auto* table : {&left, &right}) {
    auto* members = std::get_if<Node::Table>(&table->value);
    if (members == nullptr) continue;
    std::erase_if(*members, [](const auto& member) {
      const auto* value = std::get_if<bool>(&member.node.value);
      return member.key == "enabled" && value != nullptr && *value;
    });
  }
  return canonical(left) == canonical(right);
}

}  // namespace

std::string name_of(const Node& table) {
  const auto* name = table.find("name");
  return name != nullptr && name->string() != nullptr ? *name->string() : "";
}

void set_key(Node& table, std::string_view key, Node value) {
  auto* members = std::get_if<Node::Table>(&table.value);
  if (members == nullptr) return;
  for (auto& member : *members) {
    if (member.key == key) return void(member.node = std::move(value));
  }
  members->push_back({std::string(key), {}, std::move(value)});
}

void Overlay::set(Change change) {
  for (auto& known : changes_) {
    if (known.kind == change.kind && known.name == change.name)
      return void(known = std::move(change));
  }
  changes_.push_back(std::move(change));
}

void Overlay::forget(std::string_view kind, std::string_view name) {
  std::erase_if(changes_,
                [&](const Change& change) { return change.kind == kind && change.name == name; });
}

void Overlay::settle(const Node& file) {
  std::erase_if(changes_, [&](const Change& change) {
    const auto* theirs = find_table(file, change.kind, change.name);
    if (!change.table || theirs == nullptr) return !change.table && theirs == nullptr;
    return says_the_same(*change.table, *theirs);
  });
}

const Overlay::Change* Overlay::find(std::string_view kind, std::string_view name) const {
  for (const auto& change : changes_) {
    if (change.kind == kind && change.name == name) return &change;
  }
  return nullptr;
}

std::string names_in(const Overlay& overlay) {
  std::map<std::string, std::vector<std::string>> names;
  for (const auto& change : overlay.changes()) names[change.kind].push_back(change.name);
  std::string text;
  for (const auto& [kind, all] : names) {
    text += (text.empty() ? "" : "; ") + kind + (all.size() > 1 ? "s " : " ");
    const auto shown = std::min(all.size(), kMostNamesShown);
    for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + all[i];
    if (shown < all.size()) text += " and " + std::to_string(all.size() - shown) + " more";
  }
  return text;
}

Node Overlay::over(Node document) const {
  for (const auto& change : changes_) {
    auto* list = list_of(document, change.kind);
    if (list == nullptr) continue;
    const auto old = std::find_if(list->begin(), list->end(), [&](const Node& table) {
      return proxy::name_of(table) == change.name;
    });
    if (!change.table) {
      if (old != list->end()) list->erase(old);
    } else if (old != list->end()) {
      *old = *change.table;
    } else {
      list->push_back(*change.table);
    }
  }
  return document;
}

}  // namespace brownout::proxy
