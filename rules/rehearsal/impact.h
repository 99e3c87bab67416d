// What an outage cost, with the arithmetic shown: what synthetic users felt, scaled to the people
// that their region stands for, and valued as the sectors say. Pure.
#pragma once

#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct RegionImpact {
  std::string name;
  double users = 0;           // that it stands for
  double affected = 0;        // of whom an operation failed
  double failed = 0;          // operations, scaled
  double sessions = 0;        // connections that broke or could not be made, scaled
  double outage_minutes = 0;  // minutes, each weighted with the share of operations that failed
  std::string arithmetic;
};

struct SectorImpact {
  std::string name;
  double affected = 0;  // users, by its share
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
