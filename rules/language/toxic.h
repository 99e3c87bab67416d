// Toxics: Toxiproxy's vocabulary for the faults of this proxy. One table turns the attributes of
// each type into a fault of the registry, so that both languages mean the same stages.
//
// Attributes are whole numbers (but those that are marked as fractions), 0 if left out, as
// Toxiproxy has them; the units are in the table's comments. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/rule.h"

namespace brownout::rules {

struct ToxicAttribute {
  std::string_view name;
  double fallback = 0;
  bool fraction = false;
};

struct ToxicKind {
  std::string_view name;
  std::vector<ToxicAttribute> attributes;
  // The fault as a rule file has it, as TOML's inline table would be read; none: no fault at all
  // ("noop"). `values` are those of the attributes, in their order.
  std::optional<Node> (*fault)(std::span<const double> values) = nullptr;
};

std::span<const ToxicKind> all_toxics();
const ToxicKind* find_toxic(std::string_view type);

struct Toxic {
  std::string name;
  std::string stream;  // as the client wrote it
  const ToxicKind* kind = nullptr;
  std::vector<double> values;
  double toxicity = 1;  // of a connection and direction, 0 to 1
  Direction direction = Direction::kDownstream;
};

// The rule that it is on the listener `proxy`; none for one that does nothing. An error says which
// attribute is out of its range, and what is allowed.
Result<std::optional<Rule>> rule_of(const Toxic& toxic, const std::string& proxy);

}  // namespace brownout::rules
