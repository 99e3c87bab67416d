#include "rules/schema/node.h"

#include <algorithm>
#include <functional>

#include "rules/base/diagnostics.h"

namespace brownout::rules {
namespace {

struct TypeName {
  std::string_view operator()(std::monostate) const { return "nothing"; }
  std::string_view operator()(bool) const { return "a boolean"; }
  std::string_view operator()(std::int64_t) const { return "a whole number"; }
  std::string_view operator()(double) const { return "a fraction"; }
  std::string_view operator()(const std::string&) const { return "a string"; }
  std::string_view operator()(const Node::Array&) const { return "an array"; }
  std::string_view operator()(const Node::Table&) const { return "a table"; }
  std::string_view operator()(const std::shared_ptr<const FileText>&) const { return "a file"; }
};

struct Canonical {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return std::to_string(value); }
  std::string operator()(const std::string& value) const { return in_quotes(value); }
  std::string operator()(const Node::Array& value) const {
    std::string text = "[";
    for (const auto& node : value) text += canonical(node) + ",";
    return text + "]";
  }
  std::string operator()(const Node::Table& value) const {
    std::vector<const Member*> members;
    members.reserve(value.size());
    for (const auto& member : value) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const Member* a, const Member* b) { return a->key < b->key; });
    std::string text = "{";
    for (const auto* member : members) text += member->key + "=" + canonical(member->node) + ",";
    return text + "}";
  }
  std::string operator()(const std::shared_ptr<const FileText>& file) const {
    return in_quotes(file->path) + ":" + std::to_string(file->text.size()) + ":" +
           std::to_string(std::hash<std::string>()(file->text));
  }
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto* members = table();
  if (members == nullptr) return nullptr;
  for (const auto& member : *members) {
    if (member.key == key) return &member.node;
  }
  return nullptr;
}

const Node* find_table(const Node& document, std::string_view kind, std::string_view name) {
  const auto* list = document.find(kind);
  if (list == nullptr || list->array() == nullptr) return nullptr;
  for (const auto& table : *list->array()) {
    const auto* own = table.find("name");
    const auto* text = own != nullptr ? own->string() : nullptr;
    if (text != nullptr ? *text == name : name.empty()) return &table;
  }
  return nullptr;
}

std::string_view Node::type_name() const { return std::visit(TypeName{}, value); }

std::string canonical(const Node& node) { return std::visit(Canonical{}, node.value); }

}  // namespace brownout::rules
