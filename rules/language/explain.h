// Explains which rules would act on a connection, in order, and why the others would not. Pure: no
// counter changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/engine/rule_set.h"
#include "rules/language/config.h"

namespace brownout::rules {

struct Question {
  FlowFacts flow;                       // listener, ordinal, client, destination
  std::optional<Message> message = {};  // a message of the connection; none: any message
  std::string payload = {};             // payload of the message
  Duration at{};                        // time since the rules took effect
  std::optional<std::uint64_t> seed;    // without a seed, chances are described, not drawn
};

struct Explanation {
  std::string rule;
  bool acts = false;
  std::string fault;  // type of the fault
  std::string why;    // a sentence without a period
};

std::vector<Explanation> explain(const Config& config, const Question& question);
// The same for the next connection, request or message that a running proxy gets. `question.at` and
// `question.seed` are ignored.
std::vector<Explanation> explain(const RuleSet& live, const Question& question, Instant now);

}  // namespace brownout::rules
