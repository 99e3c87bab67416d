// Computes how many people an outage affects, and what it costs. A rehearsal has few synthetic
// users (the users of its probes). Each stands for an equal part of the people in its region, so
// the results of a region are multiplied by people / synthetic users. A [[sector]] is a share of
// all people, with a price for each failed operation and for each minute of outage. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct RegionImpact {
  std::string name;
  double users = 0;  // number of people; the number of synthetic users if the file gives none
  // Number of people with a failed operation: synthetic users, multiplied as above.
  double affected = 0;
  double failed = 0;    // number of failed operations, multiplied as above
  double sessions = 0;  // connections that broke or could not be opened, multiplied as above
  // Sum of minutes, each multiplied by the share of operations that failed in that minute.
  double outage_minutes = 0;
  std::string arithmetic;  // the calculation as text, for the report
};

struct SectorImpact {
  std::string name;
  double affected = 0;  // affected people of all regions, multiplied by the sector's share
  double sessions = 0;  // broken connections of all regions, multiplied by the sector's share
  // Cost of the outage, in the currency or unit of the scenario file: share * failed operations of
  // all regions * per_failed_message + share * mean outage minutes of a person * per_minute.
  double value = 0;
  std::string arithmetic;  // the calculation of `value` as text, for the report
};

struct Impact {
  std::vector<RegionImpact> regions;
  std::vector<SectorImpact> sectors;
};

Impact impact_of(const Scenario& scenario, const Measurements& seen);

}  // namespace brownout::rules
