// The cost of an outage, with its arithmetic: failures of synthetic users, scaled to the people
// that their region represents, and valued by sector. Pure.
#pragma once

#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct RegionImpact {
  std::string name;
  double users = 0;           // people that the region represents
  double affected = 0;        // users with a failed operation, scaled to the people of the region
  double failed = 0;          // failed operations, scaled likewise
  double sessions = 0;        // connections that broke or could not be made, scaled likewise
  double outage_minutes = 0;  // minutes, each weighted with the share of operations that failed
  std::string arithmetic;
};

struct SectorImpact {
  std::string name;
  double affected = 0;  // affected users, by the sector's share
  double sessions = 0;
  double value = 0;
  std::string arithmetic;
};

struct Impact {
  std::vector<RegionImpact> regions;
  std::vector<SectorImpact> sectors;
};

Impact impact_of(const Scenario& scenario, const Measurements& seen);

}  // namespace brownout::rules
