// Declares the keys of the tables of a rehearsal ([[phase]], [[probe]], [[expect]] ...). Some
// values stay unparsed (as Node) at first, since they depend on other tables or keys. Used by
// read_scenario.cpp only. Nodes are borrowed from the rule file, and null if the table lacks the
// key. Any thread.
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
