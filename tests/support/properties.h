// Checks the properties that every byte stage must have. The check returns the violation found, or
// "".
//
// The suite runs over each fault of the registry (by its example), and over deliberately broken
// stages, in which it must find a violation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rules/engine/rule_set.h"

namespace brownout::test {

struct Expectations {
  bool keeps_bytes = true;  // all bytes come out in order, at the latest when the rule is removed
};

// Sends random bytes in random chunks at random instants through one direction of a flow with
// `set`, then removes the rules. Everything is derived from `seed`. `acted`, if given, is increased
// by the number of injected faults.
std::string find_violation(const std::shared_ptr<const rules::RuleSet>& set,
                           const Expectations& expected, std::uint64_t seed,
                           std::uint64_t* acted = nullptr);

}  // namespace brownout::test
