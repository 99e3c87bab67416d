// Finding is the measured value for one expectation of a rehearsal, with its evidence as text.
// Computed from the operations of synthetic users (verdict.cpp, group_verdict.cpp) or from proxied
// traffic (traffic_verdict.cpp). Plain values; any thread.
#pragma once

#include <optional>
#include <string>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct Finding {
  // Measured value in the metric's unit (unit_of() in scenario.h); no value if there was no sample.
  std::optional<double> value;
  std::string evidence;
  // Whether anything was attempted. If true and there is no value, all attempts failed or the
  // expected event never came, so the expectation is not met. If false and there is no value,
  // nothing was measured.
  bool tried = false;
  std::optional<double> of = {};  // for a count: the total of which it is a part
};

// Returns the name of a user in evidence, such as "orders 2".
std::string name_of_user(const Scenario& scenario, UserNumber user);

// Return the findings of the metric lag, and of rebalance_time and rebalance_total. Without a user
// who has a consumer in a group, there is no value.
Finding find_lag(const Scenario& scenario, const ExpectationTally& tally);
Finding find_rebalances(const Scenario& scenario, Metric metric, const ExpectationTally& tally);

// Returns the finding for an expectation about proxied traffic, which has `listener` or `server`.
// Only traffic within the time span `counted` (span_of() in tally.h) is considered.
Finding find_in_traffic(const Scenario& scenario, const Measurements& seen,
                        const Expectation& wanted, Span counted);

}  // namespace brownout::rules
