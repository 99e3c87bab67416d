// Converts between JSON and rules::Node, the tree of values that is checked like a rule file. In
// error messages, JSON pointers (RFC 6901) replace line and column.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/node.h"

namespace brownout::codecs {

// Limit for a document that is validated like a rule file: a million tables would take a minute.
constexpr std::size_t kMostJsonValues = 50'000;

// Parses JSON of at most 64 levels. Positions are unset.
rules::Result<rules::Node> parse_json(std::string_view text,
                                      std::size_t most_values = kMostJsonValues);
rules::Node to_node(const nlohmann::ordered_json& json);
nlohmann::ordered_json to_json(const rules::Node& node);

// Pointers finds the JSON pointer of a value by its position. The constructor sets each position in
// the document to a number.
class Pointers {
 public:
  explicit Pointers(rules::Node& document) { number(document, ""); }

  // Returns the JSON pointer, or "" for the document itself and for an unknown position.
  const std::string& at(rules::Position where) const;

 private:
  void number(rules::Node& node, const std::string& pointer);

  std::vector<std::string> pointers_{""};
};

}  // namespace brownout::codecs
