// Defines the keys of the tables of a rehearsal. Some values stay unparsed (as Node) until the rest
// of the file is read: they depend on other tables or keys. Used by read_scenario.cpp only. Nodes
// are borrowed from the rule file; null for a key that the table does not have. Any thread.
#pragma once

#include <optional>

#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct ScenarioKeys : Scenario {
  Multiple scale{1};
};

struct PhaseKeys : Phase {
  const Node* change = nullptr;
};

struct ExpectKeys : Expectation {
  std::optional<Metric> what;
  const Node* least = nullptr;
  const Node* most = nullptr;
};

const Schema<ScenarioKeys>& scenario_schema();
const Schema<PhaseKeys>& phase_schema();
const Schema<Probe>& probe_schema();
const Schema<ExpectKeys>& expect_schema();
const Schema<Region>& region_schema();
const Schema<Sector>& sector_schema();
const Schema<Webhook>& webhook_schema();

}  // namespace brownout::rules
