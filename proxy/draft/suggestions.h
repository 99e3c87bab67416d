// Rules that a new file proposes for a listener, by its protocol.
//
// One table serves all protocols: a rule is proposed where `check` accepts it. So a new protocol
// gets the rules that fit it without an entry here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proxy/draft/draft.h"

namespace brownout::draft {

struct Target {
  Table listener;          // written as [[listener]]
  std::string match = {};  // "host = \"a.example\", ": more keys of match, with a comma at the end
  std::string about = {};  // words in the names of the rules: "slow: a.example"
};

// At most `most` rules that fit the target. The first one that delays is on, since its effect is
// seen at once; the others are off. A rule on messages stands ahead of a rule on bytes, since it
// acts earlier.
std::vector<Table> suggestions_for(const Target& target, std::size_t most);

// Adds the rules of an outage of a messaging service, from its first to its last minute.
std::vector<Table> outage_of(const Target& target);

}  // namespace brownout::draft
