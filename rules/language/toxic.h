// Translates Toxiproxy's toxics into faults. One table maps the attributes of each type to a fault
// of the registry, so that both vocabularies use the same stages.
//
// Attributes are whole numbers (except those marked as fractions) and default to 0, as in
// Toxiproxy; toxic.cpp states their units. Pure.
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
  bool fraction = false;
};

struct ToxicKind {
  std::string_view name;
  std::vector<ToxicAttribute> attributes;
  // Returns the fault as the inline table of a rule file; none for "noop", which has no effect.
  // `values` are in the order of the attributes.
  std::optional<Node> (*fault)(std::span<const double> values) = nullptr;
};

std::span<const ToxicKind> all_toxics();
const ToxicKind* find_toxic(std::string_view type);

struct Toxic {
  std::string name;
  std::string stream;  // as the client wrote it
  const ToxicKind* kind = nullptr;
  std::vector<double> values;
  double toxicity = 1;  // chance for a connection and direction, 0 to 1
  Direction direction = Direction::kDownstream;
};

// The rule for this toxic on the listener `proxy`; none for a toxic without effect. An error names
// the attribute that is out of range, and the allowed range.
Result<std::optional<Rule>> rule_of(const Toxic& toxic, const std::string& proxy);

}  // namespace brownout::rules
