// Findings about the consumer groups of synthetic users: lag and rebalances.
#include <algorithm>

#include "rules/rehearsal/finding.h"
#include "rules/rehearsal/verdict.h"

namespace brownout::rules {
namespace {

Finding no_consumer() { return {std::nullopt, "no user has a consumer in a group"}; }

// Returns the entry with the highest value; there must be one.
template <class Value, class Less>
const std::pair<const UserNumber, Value>& highest(const std::map<UserNumber, Value>& users,
                                                  const Less& less) {
  return *std::max_element(users.begin(), users.end(),
                           [&](const auto& a, const auto& b) { return less(a.second, b.second); });
}

}  // namespace

std::string name_of_user(const Scenario& scenario, UserNumber user) {
  return scenario.probes[user.first].name + " " + std::to_string(user.second + 1);
}

Finding find_lag(const Scenario& scenario, const ExpectationTally& tally) {
  if (tally.lags.empty()) return no_consumer();
  const auto& [user, lag] = highest(tally.lags, std::less<>());
  if (lag == 0) return {0, "each operation ended with all messages read"};
  return {static_cast<double>(lag), count_of(static_cast<std::uint64_t>(lag), "message") + " of " +
                                        name_of_user(scenario, user) + " not read (of " +
                                        count_of(tally.lags.size(), "user") + ")"};
}

Finding find_rebalances(const Scenario& scenario, Metric metric, const ExpectationTally& tally) {
  if (tally.rebalances.empty()) return no_consumer();
  const auto time =
      metric == Metric::kRebalanceTime ? &UserRebalances::longest : &UserRebalances::total;
  const auto& [user, all] =
      highest(tally.rebalances,
              [&](const UserRebalances& a, const UserRebalances& b) { return a.*time < b.*time; });
  if (all.count == 0) return {0, "no group lost partitions"};
  return {std::chrono::duration<double>(all.*time).count(),
          count_of(all.count, "rebalance") + " of " + name_of_user(scenario, user) +
              ", the longest " + print_time(all.longest) + ", in all " + print_time(all.total) +
              " (of " + count_of(tally.rebalances.size(), "user") + ")"};
}

}  // namespace brownout::rules
