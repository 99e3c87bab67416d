// Functions that edit the table of a [[rule]] before it is compiled, for presets and phases of a
// rehearsal. Pure; any thread.
#pragma once

#include "rules/language/presets.h"
#include "rules/schema/node.h"

namespace brownout::rules {

// Returns a copy of the [[rule]] in which `keys` are added to its fault, or replace the same keys
// there.
Node with_fault(const Node& rule, const Node& keys);
// Returns a [[rule]] in which the keys of the preset replace the key `preset`. If both have the
// same key, also within `match`, the rule's own value wins. `where` is the position of the preset
// in the file, for error messages.
Node with_keys_of(const RulePreset& preset, const Node& rule, Position where);

}  // namespace brownout::rules
