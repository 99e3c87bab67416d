// Checks the properties that every byte stage must have. Returns a description of the violation
// found, or "".
//
// The checks run on each fault of the registry, configured as in its example, and on deliberately
// broken stages, in which they must find a violation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rules/engine/rule_set.h"

namespace brownout::test {

struct Expectations {
  bool keeps_bytes = true;  // all bytes come out in order, at the latest after the rule is removed
};

// Sends random bytes in random chunks at random instants through one direction of a connection with
// the rules `set`, then removes the rules. `seed` determines everything. Adds the number of
// injected faults to `acted`.
std::string find_violation(const std::shared_ptr<const rules::RuleSet>& set,
                           const Expectations& expected, std::uint64_t seed,
                           std::uint64_t* acted = nullptr);

}  // namespace brownout::test
