// A parsed document before it means anything: what TOML and JSON have in common, each value with
// its position. Schemas (schema.h) read nodes, so one set of messages serves every syntax.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/base/result.h"

namespace brownout::rules {

struct Member;

struct Node {
  using Array = std::vector<Node>;
  using Table = std::vector<Member>;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Table> value;
  Position where = {};

  const Table* table() const { return std::get_if<Table>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const std::string* string() const { return std::get_if<std::string>(&value); }
  // A member of a table, or nullptr.
  const Node* find(std::string_view key) const;
  // What a person would call it: "a string", "a whole number", "a table"...
  std::string_view type_name() const;
};

struct Member {
  std::string key;
  Position where = {};  // of the key
  Node node;
};

// The [[kind]] table of this name in a document, or nullptr. "" is the name of a table without one.
const Node* find_table(const Node& document, std::string_view kind, std::string_view name);

// One line, keys in the order of their names: equal for two nodes that say the same.
std::string canonical(const Node& node);

}  // namespace brownout::rules
