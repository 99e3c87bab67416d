#include "rules/rehearsal/impact.h"

#include <cmath>

namespace brownout::rules {
namespace {

std::string number(double value) {
  auto text = std::to_string(std::round(value * 100) / 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

RegionImpact impact_on(const std::string& name, std::int64_t population, const RegionTally& tally) {
  RegionImpact impact;
  const auto synthetic = static_cast<double>(tally.users.size());
  impact.name = name;
  impact.users = population > 0 ? static_cast<double>(population) : synthetic;
  const double each = synthetic > 0 ? impact.users / synthetic : 0;
  impact.affected = each * static_cast<double>(tally.affected.size());
  impact.failed = each * static_cast<double>(tally.failed);
  impact.sessions = each * static_cast<double>(tally.sessions);
  for (const auto& [minute, counts] : tally.minutes) {
    impact.outage_minutes += static_cast<double>(counts.second) / static_cast<double>(counts.first);
  }
  impact.arithmetic = number(impact.users) + " users / " + number(synthetic) +
                      " synthetic = " + number(each) + " each; " +
                      std::to_string(tally.affected.size()) + " affected, " +
                      count_of(tally.failed, "operation") + " failed, " +
                      count_of(tally.sessions, "session") + " broke";
  return impact;
}

}  // namespace

Impact impact_of(const Scenario& scenario, const Measurements& seen) {
  Impact impact;
  double failed = 0;
  double affected = 0;
  double sessions = 0;
  double user_minutes = 0;
  double users = 0;
  for (const auto& [region, tally] : seen.tally.regions()) {
    std::int64_t population = 0;
    for (const auto& candidate : scenario.regions) {
      if (candidate.name == region) population = candidate.users;
    }
    impact.regions.push_back(impact_on(region.empty() ? "(no region)" : region, population, tally));
    failed += impact.regions.back().failed;
    affected += impact.regions.back().affected;
    sessions += impact.regions.back().sessions;
    user_minutes += impact.regions.back().outage_minutes * impact.regions.back().users;
    users += impact.regions.back().users;
  }
  const double minutes = users > 0 ? user_minutes / users : 0;
  for (const auto& sector : scenario.sectors) {
    const double share = sector.share.share();
    SectorImpact sector_impact{
        sector.name,
        share * affected,
        share * sessions,
        share * failed * sector.per_failed_message + share * minutes * sector.per_minute,
        {}};
    sector_impact.arithmetic = to_text(sector.share) + " x " + number(failed) + " failed x " +
                               number(sector.per_failed_message) + " + " + to_text(sector.share) +
                               " x " + number(minutes) + " min x " + number(sector.per_minute) +
                               " = " + number(sector_impact.value);
    impact.sectors.push_back(std::move(sector_impact));
  }
  return impact;
}

}  // namespace brownout::rules
