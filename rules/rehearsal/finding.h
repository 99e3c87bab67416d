// What an expectation's value is taken from, and what came of it: shared by those who judge
// synthetic users (verdict.cpp) and those who judge proxied traffic (traffic_verdict.cpp).
#pragma once

#include <optional>
#include <string>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct Finding {
  std::optional<double> value;  // in the metric's unit; none: there is no sample of it
  std::string evidence;
  // There is no sample because what was tried failed, or never came: that is an answer, too, and
  // never the one that is wanted. Otherwise nothing was measured.
  bool tried = false;
  std::optional<double> of = {};  // of a count: of how many
};

// Of an expectation with `listener` or `server`.
Finding find_in_traffic(const Scenario& scenario, const Measurements& seen,
                        const Expectation& wanted, Span counted);

}  // namespace brownout::rules
