#include "rules/language/misplaced_keys.h"

#include <algorithm>

#include "rules/language/document_schema.h"

namespace brownout::rules {
namespace {

bool has(const std::vector<FieldInfo>& fields, std::string_view key) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const FieldInfo& field) { return field.name == key; });
}

}  // namespace

Node without_keys_of_rule(const Node& fault, const FaultKind& kind, Diagnostics& problems) {
  Node kept = fault;
  auto* table = std::get_if<Node::Table>(&kept.value);
  if (table == nullptr) return kept;
  std::erase_if(*table, [&](const Member& member) {
    if (member.key == "type" || has(kind.fields(), member.key)) return false;
    if (!has(rule_schema().fields(), member.key)) return false;
    problems.add(member.where,
                 in_quotes(member.key) + " is a key of the [[rule]], not of its fault",
                 "write the key beside fault = { ... }, not inside it");
    return true;
  });
  return kept;
}

std::string how_to_name_a_fault(const Node& fault) {
  const Node* type = fault.find("type");
  const bool preset = fault.find("preset") != nullptr ||
                      (type != nullptr && type->string() != nullptr && *type->string() == "preset");
  return preset ? R"(preset is a key of the [[rule]], in place of fault: preset = "3g")"
                : R"(e.g. fault = { type = "latency", delay = "300ms" })";
}

}  // namespace brownout::rules
