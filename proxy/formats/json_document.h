// Converts between JSON and rules::Node, the tree of values of a rule file. Error messages name a
// value by its JSON pointer (RFC 6901), not by line and column.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/node.h"

namespace brownout::codecs {

// Limit of values in a document that is checked like a rule file. Without a limit, a million tables
// would take a minute to check.
constexpr std::size_t kMostJsonValues = 50'000;

// Parses JSON with at most 64 levels of objects and arrays. The nodes have no positions.
rules::Result<rules::Node> parse_json(std::string_view text,
                                      std::size_t most_values = kMostJsonValues);
rules::Node to_node(const nlohmann::ordered_json& json);
nlohmann::ordered_json to_json(const rules::Node& node);

// Pointers maps a value's position to its JSON pointer, so that errors with positions can be
// reported with pointers. The constructor numbers all values of the document, and stores each
// number as the position of its value.
class Pointers {
 public:
  explicit Pointers(rules::Node& document) { number(document, ""); }

  // Returns the JSON pointer of a value; "" for the document itself or an unknown position.
  const std::string& at(rules::Position where) const;

 private:
  void number(rules::Node& node, const std::string& pointer);

  std::vector<std::string> pointers_{""};
};

}  // namespace brownout::codecs
