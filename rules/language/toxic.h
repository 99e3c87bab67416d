// Translates the faults of Toxiproxy's API ("toxics") into Brownout's faults. A table maps the
// attributes of each toxic to the keys of a fault.
//
// Attributes are whole numbers (except those marked as fractions) and default to 0, as in
// Toxiproxy; toxic.cpp states their units. Pure functions.
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
  // Returns the fault as the inline table of a rule file; no value for "noop", which has no effect.
  // `values` are in the order of the attributes.
  std::optional<Node> (*fault)(std::span<const double> values) = nullptr;
};

std::span<const ToxicKind> all_toxics();
const ToxicKind* find_toxic(std::string_view type);

struct Toxic {
  std::string name;
  std::string stream;  // text of the stream as the client wrote it: "upstream" or "downstream"
  const ToxicKind* kind = nullptr;
  std::vector<double> values;
  double toxicity = 1;  // probability, from 0 to 1, that the toxic acts on a connection
  Direction direction = Direction::kDownstream;
};

// Returns the rule for this toxic on the listener `proxy`; no value for a toxic without effect. An
// error names the attribute that is out of range, and the allowed range.
Result<std::optional<Rule>> rule_of(const Toxic& toxic, const std::string& proxy);

}  // namespace brownout::rules
