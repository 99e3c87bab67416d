// Computes the verdict of a rehearsal: for each expectation its value, its evidence, and whether
// the value is acceptable. print_time() and print_value() format values for texts. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct Verdict {
  std::string name;
  std::string wanted;  // the expectation as text: "availability of phones in outage at least 99%"
  bool met = false;
  // False if there was nothing to judge: the phase did not run, there was no sample, or the probe
  // could not be started. Then `met` is false.
  bool measured = false;
  std::optional<double> value;    // measured value in the metric's unit (unit_of() in scenario.h)
  std::optional<double> of = {};  // for a count: the total of which it is a part
  std::string evidence;           // a sentence that supports the value
};

// Returns a verdict for each expectation of the scenario, in the same order.
std::vector<Verdict> judge(const Scenario& scenario, const Measurements& seen);

// Returns a time as text: "1h7m40s". Times of a minute or more are rounded to seconds, shorter
// times to tenths of a second or of a millisecond.
std::string print_time(Duration value);

// Returns a value, in the metric's unit, as text: "99.5%", "1m30s", "12", "3.2/s".
std::string print_value(Metric metric, double value);

}  // namespace brownout::rules
