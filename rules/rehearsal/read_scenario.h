// The tables of a rehearsal, from nodes to a Scenario, with every check that needs more than one
// key. Part of reading a rule file (read_config.cpp), which knows the names in the rest of it.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/rehearsal/scenario.h"
#include "rules/schema/node.h"

namespace brownout::rules {

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

// What the rest of the file says.
struct ScenarioSurroundings {
  std::vector<std::string_view> rules;
  std::vector<std::string_view> listeners;
  std::vector<std::string_view> without_requests;  // of the listeners: knows_requests() is false
  // Reads a rule again with other keys in its fault (the second node); adds to the diagnostics.
  std::function<std::vector<Rule>(std::string_view rule, const Node& fault)> change;
};

Scenario read_scenario(const ScenarioTables& tables, const ScenarioSurroundings& around,
                       Diagnostics& problems);

}  // namespace brownout::rules
