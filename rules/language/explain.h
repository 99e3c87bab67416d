// Explains, for `brownout explain`, which rules would act on a connection, in order, and why the
// other rules would not. Pure functions: no counter changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/engine/rule_set.h"
#include "rules/engine/syn_plan.h"
#include "rules/language/config.h"

namespace brownout::rules {

struct Question {
  FlowFacts flow;  // facts about the connection: listener, ordinal, client, destination
  // A message of the connection; if absent, any message is meant.
  std::optional<Message> message = {};
  std::string payload = {};  // payload of the message
  Duration at{};             // time since the rules took effect
  CarrierSet carriers = {};  // kinds of traffic on which rules can act at the listener
  // How SYNs can be dropped at the listener; no value if only the rules are known.
  std::optional<SynListener> syn = {};
  // Seed of the random draws. Without a seed, the explanation describes probabilities instead of
  // drawing.
  std::optional<std::uint64_t> seed;
};

struct Explanation {
  std::string rule;
  bool acts = false;
  std::string fault;  // type of the rule's fault
  std::string why;    // reason as a sentence without a period
};

// Explains the rules of a rule file, as if they took effect at time 0. Disabled rules do not act.
std::vector<Explanation> explain(const Config& config, const Question& question);
// Explains the rules of a running proxy for the next connection, request or message. `question.at`
// and `question.seed` are ignored.
std::vector<Explanation> explain(const RuleSet& live, const Question& question, Instant now);

}  // namespace brownout::rules
