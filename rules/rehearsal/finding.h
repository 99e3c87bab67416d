// What an expectation's value is taken from, and what came of it: shared by those who judge
// synthetic users (verdict.cpp) and those who judge proxied traffic (traffic_verdict.cpp).
#pragma once

#include <optional>
#include <string>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct Span {
  Duration begin{};  // what was before the first phase never counts
  Duration end = Duration::max();
  bool contains(Duration at) const { return begin <= at && at < end; }
};

struct Finding {
  std::optional<double> value;  // in the metric's unit; none: there was nothing to measure
  std::string evidence;
};

// "3 users".
std::string count_of(std::uint64_t count, const std::string& what);

// The width of the windows in which a rate's peak is counted: a second of the scenario, or 100 ms
// if that is longer. A count over less says little.
Duration peak_window(const Scenario& scenario);

// Of an expectation with `listener` or `server`.
Finding find_in_traffic(const Scenario& scenario, const Measurements& seen,
                        const Expectation& wanted, Span counted);

}  // namespace brownout::rules
