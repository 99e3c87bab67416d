// Computes the cost of an outage. Failures of synthetic users are scaled to the number of people in
// their region, and valued by sector. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct RegionImpact {
  std::string name;
  double users = 0;  // number of people in the region
  // People affected: users with a failed operation, scaled to the people of the region.
  double affected = 0;
  double failed = 0;    // number of failed operations, scaled in the same way
  double sessions = 0;  // connections that broke or could not be opened, scaled in the same way
  // Sum of minutes, each multiplied by the share of operations that failed in that minute.
  double outage_minutes = 0;
  std::string arithmetic;  // the calculation as text, for the report
};

struct SectorImpact {
  std::string name;
  double affected = 0;  // affected people, multiplied by the sector's share
  double sessions = 0;  // broken connections, multiplied by the sector's share
  double value = 0;     // cost of the outage, in the currency or unit of the scenario file
  std::string arithmetic;
};

struct Impact {
  std::vector<RegionImpact> regions;
  std::vector<SectorImpact> sectors;
};

Impact impact_of(const Scenario& scenario, const Measurements& seen);

}  // namespace brownout::rules
