// The measured value of one expectation and its evidence. Shared by the verdicts on synthetic users
// (verdict.cpp) and on proxied traffic (traffic_verdict.cpp).
#pragma once

#include <optional>
#include <string>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct Finding {
  std::optional<double> value;  // in the metric's unit; none: no sample
  std::string evidence;
  // True if there is no value because every attempt failed or the event never came: the expectation
  // is then not met. False without a value means that nothing was measured.
  bool tried = false;
  std::optional<double> of = {};  // for a count: the total
};

// For an expectation with `listener` or `server`.
Finding find_in_traffic(const Scenario& scenario, const Measurements& seen,
                        const Expectation& wanted, Span counted);

}  // namespace brownout::rules
