// Proposes example rules for a listener of a new rule file, depending on the listener's protocol.
// No I/O.
//
// All protocols share one list of candidate rules. A rule is proposed if `brownout check` accepts
// it for the listener, so a new protocol needs no list of its own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proxy/draft/draft.h"

namespace brownout::draft {

struct Target {
  Table listener;  // the listener as its table in the rule file
  // Further keys of `match`, with a comma at the end: "host = \"a.example\", ".
  std::string match = {};
  // Text that is added to the rules' names, such as "a.example" in "slow: a.example".
  std::string about = {};
};

// Returns at most `most` rules that fit the target. The first rule that delays is on, since its
// effect is visible at once. The others are switched off. Rules on messages come before rules on
// bytes, since they act first.
std::vector<Table> suggestions_for(const Target& target, std::size_t most);

// Returns rules that together simulate an outage of a messaging service, from its first to its last
// minute.
std::vector<Table> outage_of(const Target& target);

}  // namespace brownout::draft
