// WeightedStatus is the status of responses that a rule makes: one status, or several statuses with
// weights, of which each response gets one at random. A plain value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rules/chance/dice.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

struct WeightedStatus {
  // Statuses from 200 to 599, each with a weight from 1 to 1,000,000. Never empty.
  std::vector<std::pair<int, std::int64_t>> choices = {{503, 1}};

  // Returns a status. Each has the probability of its weight divided by the sum of all weights.
  int draw(const Dice& dice) const;
};

// Reads 503, or { 500 = 2, 503 = 1 }.
template <>
struct ValueKind<WeightedStatus> {
  static std::string name() { return "status, or table of statuses and weights"; }
  static Result<WeightedStatus> read(const Node& node);
  static std::string print(const WeightedStatus& value);
};

}  // namespace brownout::rules
