// Node is a parsed document, TOML or JSON, as a tree of values with their positions in the file.
// Schemas (schema.h) read nodes, so both syntaxes produce the same error messages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/base/result.h"

namespace brownout::rules {

struct Member;

// The contents of a file that a key names. The loader replaces the path by this value
// (file_text.h).
struct FileText {
  std::string path;  // the path as shown in error messages
  std::string text = {};
  std::string why_not = {};  // error of reading the file; "" if it could be read
  std::string hint = {};     // hint for this error
};

struct Node {
  using Array = std::vector<Node>;
  using Table = std::vector<Member>;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Table,
               std::shared_ptr<const FileText>>
      value;
  Position where = {};

  const Table* table() const { return std::get_if<Table>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const std::string* string() const { return std::get_if<std::string>(&value); }
  const FileText* file() const {
    const auto* file = std::get_if<std::shared_ptr<const FileText>>(&value);
    return file != nullptr ? file->get() : nullptr;
  }
  // Returns the value of this key, or null if the key is missing or the node is not a table.
  const Node* find(std::string_view key) const;
  // Returns the type in words, for messages: "a string", "a whole number", "a table"...
  std::string_view type_name() const;
};

struct Member {
  std::string key;
  Position where = {};  // position of the key in the file
  Node node;
};

// Returns the [[kind]] table of this name, or null if no table has it. A table without the key
// `name` has the name "".
const Node* find_table(const Node& document, std::string_view kind, std::string_view name);

// Returns the node as one line of text with sorted keys. Nodes of equal content have equal texts.
// A file is represented by a hash of its text.
std::string canonical(const Node& node);

}  // namespace brownout::rules
