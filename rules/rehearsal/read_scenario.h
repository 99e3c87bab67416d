// Reads the tables of a rehearsal into a Scenario, and makes every check that involves several
// keys. The reader of the rule file (read_config.cpp) calls it with the names of the other tables.
// Pure functions; any thread.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/rehearsal/scenario.h"
#include "rules/schema/node.h"

namespace brownout::rules {

// The tables of a rehearsal, borrowed from the rule file. Null if the file has no such table.
struct ScenarioTables {
  const Node* scenario = nullptr;
  const Node* phases = nullptr;
  const Node* probes = nullptr;
  const Node* expectations = nullptr;
  const Node* regions = nullptr;
  const Node* sectors = nullptr;
  const Node* webhooks = nullptr;

  bool any() const {
    return scenario || phases || probes || expectations || regions || sectors || webhooks;
  }
};

// Names and functions from the rest of the rule file that the tables of a rehearsal refer to.
struct ScenarioSurroundings {
  std::vector<std::string_view> rules;
  // Names of rules that count clients which retry before their Retry-After time.
  std::vector<std::string_view> punishing = {};
  std::vector<std::string_view> listeners;
  // Names of listeners with traffic that the proxy does not parse.
  std::vector<std::string_view> without_requests;
  // Reads the rule of this name again, with the keys of `fault` added to its fault. Adds errors to
  // the diagnostics.
  std::function<std::vector<Rule>(std::string_view rule, const Node& fault)> change;
  // Whether there are synthetic users. If not, hints name only what can be measured without them.
  bool users = true;
};

Scenario read_scenario(const ScenarioTables& tables, const ScenarioSurroundings& around,
                       Diagnostics& problems);
// Reads [[expect]] tables without a rehearsal, so there are no phases, probes or regions.
std::vector<Expectation> read_expectations(const Node& tables, const ScenarioSurroundings& around,
                                           Diagnostics& problems);

}  // namespace brownout::rules
