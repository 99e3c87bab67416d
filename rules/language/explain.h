// Which rules would act on a connection, in order, and why the others would not. Pure: nothing is
// counted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/language/config.h"

namespace brownout::rules {

struct Question {
  FlowFacts flow;                       // listener, ordinal, client, destination
  std::optional<Message> message = {};  // of the connection; none: any
  std::string payload = {};             // its own
  Duration at{};                        // how long after the rules took effect
  std::optional<std::uint64_t> seed;    // without one, dice are described, not thrown
};

struct Explanation {
  std::string rule;
  bool acts = false;
  std::string fault;  // its type
  std::string why;    // a sentence without a full stop
};

std::vector<Explanation> explain(const Config& config, const Question& question);

}  // namespace brownout::rules
