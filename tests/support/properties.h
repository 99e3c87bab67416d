// What must hold for every stage, as a check that returns what is wrong: "" when all is well.
//
// Run over each fault of the registry (by its example), and over deliberately broken stages, on
// which it must find something: a check that cannot fail is a defect.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rules/engine/rule_set.h"

namespace brownout::test {

struct Expectations {
  bool keeps_bytes = true;  // all bytes come out, in order, once the rule is gone
};

// Sends random bytes in random chunks at random instants through one flow under `set`, one
// direction, all derived from `seed`; then removes the rules.
// `acted`, if given, grows by what the rules have done.
std::string find_violation(const std::shared_ptr<const rules::RuleSet>& set,
                           const Expectations& expected, std::uint64_t seed,
                           std::uint64_t* acted = nullptr);

}  // namespace brownout::test
