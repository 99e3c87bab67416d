// Defines the keys of a rule file and of a [[rule]]. Nested tables are kept unparsed (as Node) and
// read later, because they refer to listeners, rules and firewalls that may come later in the file.
// Immutable; any thread.
#pragma once

#include "rules/engine/rule.h"
#include "rules/language/period.h"
#include "rules/match/match.h"
#include "rules/rehearsal/read_scenario.h"

namespace brownout::rules {

// The keys of a [[rule]]. rules/engine/rule.h explains them.
struct RuleKeys {
  std::optional<std::string> name;
  Ratio probability{Ratio::kOne};
  Per per = Per::kConnection;
  Duration start{};
  std::optional<Duration> duration;
  Duration ramp{};
  std::optional<Duration> repeat;
  std::vector<Period> windows;
  std::optional<std::int64_t> max_active_faults;
  bool may_miss = false;
  bool enabled = true;
  std::optional<std::string> preset;
  Match match;
  const Node* fault = nullptr;
};

struct Document {
  std::int64_t version = 1;
  std::optional<std::int64_t> seed;
  const Node* listeners = nullptr;
  const Node* upstreams = nullptr;
  const Node* zones = nullptr;
  const Node* firewalls = nullptr;
  const Node* rules = nullptr;
  ScenarioTables rehearsal;
};

const Schema<RuleKeys>& rule_schema();
const Schema<Document>& document_schema();

}  // namespace brownout::rules
