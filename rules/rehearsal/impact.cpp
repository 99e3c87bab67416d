#include "rules/rehearsal/impact.h"

#include <cmath>
#include <map>
#include <set>

namespace brownout::rules {
namespace {

std::string number(double value) {
  auto text = std::to_string(std::round(value * 100) / 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

struct Tally {
  std::set<std::pair<std::uint32_t, std::uint32_t>> users;
  std::set<std::pair<std::uint32_t, std::uint32_t>> affected;
  std::size_t failed = 0;
  std::size_t sessions = 0;
  std::map<std::int64_t, std::pair<std::size_t, std::size_t>> minutes;  // all, failed
};

RegionImpact impact_on(const std::string& name, std::int64_t population, const Tally& tally) {
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
                      std::to_string(tally.failed) + " operations failed, " +
                      std::to_string(tally.sessions) + " sessions broke";
  return impact;
}

}  // namespace

Impact impact_of(const Scenario& scenario, const Measurements& seen) {
  std::map<std::string, Tally> tallies;
  for (const auto& one : seen.operations) {
    const auto& probe = scenario.probes[one.probe];
    const auto& region = probe.region;
    if (probe.watches) continue;
    // Where there are regions, probes without one are no people.
    if (one.ended < Duration::zero() || (region.empty() && !scenario.regions.empty())) continue;
    auto& tally = tallies[region];
    const auto user = std::pair(one.probe, one.user);
    tally.users.insert(user);
    auto& minute = tally.minutes[one.ended / std::chrono::minutes(1)];
    ++minute.first;
    tally.sessions += one.failed;
    if (one.ok) continue;
    tally.affected.insert(user);
    ++tally.failed;
    ++minute.second;
  }
  Impact impact;
  double failed = 0;
  double affected = 0;
  double sessions = 0;
  double user_minutes = 0;
  double users = 0;
  for (const auto& [region, tally] : tallies) {
    std::int64_t population = 0;
    for (const auto& one : scenario.regions) {
      if (one.name == region) population = one.users;
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
    SectorImpact one{
        sector.name,
        share * affected,
        share * sessions,
        share * failed * sector.per_failed_message + share * minutes * sector.per_minute,
        {}};
    one.arithmetic = to_text(sector.share) + " x " + number(failed) + " failed x " +
                     number(sector.per_failed_message) + " + " + to_text(sector.share) + " x " +
                     number(minutes) + " min x " + number(sector.per_minute) + " = " +
                     number(one.value);
    impact.sectors.push_back(std::move(one));
  }
  return impact;
}

}  // namespace brownout::rules
