// JSON as rules::Node, the form that schemas read, and back; and positions as JSON pointers (RFC
// 6901), which messages about JSON have in place of line and column.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/node.h"

namespace brownout::codecs {

// Of a document that is read as a rule file is: checking a million tables would take a minute.
constexpr std::size_t kMostJsonValues = 50'000;

// At most 64 levels deep. Positions are unset.
rules::Result<rules::Node> parse_json(std::string_view text,
                                      std::size_t most_values = kMostJsonValues);
rules::Node to_node(const nlohmann::ordered_json& json);
nlohmann::ordered_json to_json(const rules::Node& node);

// Numbers all values of a document: their positions lead to their pointers then.
class Pointers {
 public:
  explicit Pointers(rules::Node& document) { number(document, ""); }

  // "" for the document itself, or a position that is none of its.
  const std::string& at(rules::Position where) const;

 private:
  void number(rules::Node& node, const std::string& pointer);

  std::vector<std::string> pointers_{""};
};

}  // namespace brownout::codecs
